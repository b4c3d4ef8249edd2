"""What a resident is told before they say yes or no, as FaceGate brings it; owners may put other words in its place."""

from typing import Final

from facegate.core.consent import Notice, Purpose

__all__ = ["FACE", "PRESENCE", "SHIPPED", "Notice", "our_language"]


def our_language(tag: str) -> str:
    """Return our name of a language; ``zh`` is short for Simplified Chinese."""
    return "zh-Hans" if tag == "zh" else tag


FACE: Final = {
    notice.language: notice
    for notice in (
        Notice(
            1,
            "en",
            "FaceGate would recognise your face at the gates of this house.\n"
            "- From your pictures it makes templates: numbers that tell your face from others. The pictures are not "
            "kept.\n"
            "- The templates stay on the box in this building, encrypted under a key of your own. They serve to open "
            "the gates for you and for nothing else.\n"
            "- You may say no. There is another way in with the same hours and rights.\n"
            "- You may withdraw at any time without a reason. Your templates are deleted at once, and your key is "
            "destroyed when you are erased.\n"
            "- For a child under 14 a guardian decides.\n",
        ),
        Notice(
            1,
            "zh-Hans",
            "FaceGate 将在本小区的出入口识别您的人脸。\n"
            "- 系统用您的照片生成特征模板，即用于区分人脸的一组数字；照片不予保存。\n"
            "- 模板只保存在本楼的设备上，并用专属于您的密钥加密；仅用于为您开门，不作他用。\n"
            "- 您可以不同意。另有同等时间、同等权利的通行方式。\n"
            "- 您可以随时撤回同意，无需说明理由。模板将立即删除；注销时您的密钥将被销毁。\n"
            "- 不满十四周岁的儿童由监护人决定。\n",
        ),
    )
}
"""The notice about being recognised at gates, by language."""

PRESENCE: Final = {
    notice.language: notice
    for notice in (
        Notice(
            1,
            "en",
            "Home Assistant would be told when a gate opens for you.\n"
            "- It learns that it was you, which gate, which way, and when, so that the house can act on it: whether "
            "you are at home, light, heating, a message to your family.\n"
            "- What automations then do with it is decided by whoever runs Home Assistant in this house, not by "
            "FaceGate.\n"
            "- You may say no. The gates open for you just the same.\n"
            "- You may withdraw at any time without a reason. From then on Home Assistant is told only that a gate "
            "has opened for somebody.\n",
            Purpose.PRESENCE_IN_HOME_ASSISTANT,
        ),
        Notice(
            1,
            "zh-Hans",
            "出入口为您开门时，将告知 Home Assistant。\n"
            "- 它会得知是您本人、在哪个出入口、进还是出、在什么时间，以便住宅据此联动："
            "您是否在家、灯光、暖气、通知家人。\n"
            "- 自动化随后如何使用这些信息，由本住宅中管理 Home Assistant 的人决定，而非 FaceGate。\n"
            "- 您可以不同意。出入口照样为您开门。\n"
            "- 您可以随时撤回同意，无需说明理由。此后 Home Assistant 只会得知出入口为某人开了门。\n",
            Purpose.PRESENCE_IN_HOME_ASSISTANT,
        ),
    )
}
"""The notice about being told to Home Assistant, by language."""

SHIPPED: Final = (*FACE.values(), *PRESENCE.values())
