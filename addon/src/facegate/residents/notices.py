"""What a resident is told before they say yes or no; a consent is bound to the very words by their hash."""

import hashlib
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice in one language. ``version`` grows with every change of meaning, in all languages at once."""

    version: int
    language: str
    text: str

    @property
    def hash(self) -> str:
        """SHA-256 in hex of the text: what a consent record refers to."""
        return hashlib.sha256(self.text.encode()).hexdigest()


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
