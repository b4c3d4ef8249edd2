"""Why a picture was refused at enrolment, and what to do about it, in the words of whoever handed it in."""

from typing import Final

from facegate.core.quality import Fault
from facegate.residents.picture import Refusal

_ENGLISH: Final[dict[Fault | Refusal, str]] = {
    Fault.NO_FACE: "No face was found: use a picture of the face from the front.",
    Fault.SEVERAL_FACES: "There are several faces: use a picture of this person alone.",
    Fault.SMALL: "The face is too small: go nearer to the camera.",
    Fault.CUT: "The face is cut off: use a picture that shows all of it.",
    Fault.TURNED: "The head is turned aside: look at the camera.",
    Fault.TILTED: "The head is bowed or raised: hold the camera at the height of the eyes and look at it.",
    Fault.ROLLED: "The head leans to one side: hold it upright.",
    Fault.BLURRED: "The picture is blurred: hold the camera still and use a sharper one.",
    Fault.DARK: "The face is too dark: use a picture with more light on it.",
    Fault.BRIGHT: "The face is too bright: use a picture with less light on it.",
    Fault.FLAT: "There is too little contrast: use a picture with better light.",
    Fault.MASK: "A mask, a hand or a scarf hides the mouth: take it away for the picture.",
    Fault.SUNGLASSES: "Dark or reflecting glasses hide the eyes: a picture without them is recognised better.",
    Fault.EYES_CLOSED: "The eyes are closed: use a picture with open eyes.",
    Fault.DRAWING: "This is a drawing or heavily retouched: use a photograph as the camera took it.",
    Fault.SIDEWAYS: "The picture lies on its side: turn it upright.",
    Fault.UPSIDE_DOWN: "The picture is upside down: turn it upright.",
    Refusal.UNREADABLE: "The picture cannot be read: send it again as JPEG, PNG or WebP.",
    Refusal.NOT_COMPARABLE: "The face cannot be measured: use another picture.",
    Refusal.REPEATED: "This is the same as another picture: use a different one.",
    Refusal.NOT_SAME_PERSON: "This is not the same person as in the other pictures: use pictures of one person.",
    Refusal.ANOTHER_RESIDENT: "This face belongs to another resident: check who is in the picture.",
}

_CHINESE: Final[dict[Fault | Refusal, str]] = {
    Fault.NO_FACE: "未找到人脸：请使用正面的人脸照片。",
    Fault.SEVERAL_FACES: "照片中有多张人脸：请使用仅有本人的照片。",
    Fault.SMALL: "人脸太小：请靠近相机。",
    Fault.CUT: "人脸不完整：请使用能看到整张脸的照片。",
    Fault.TURNED: "头部偏向一侧：请正视相机。",
    Fault.TILTED: "头部低垂或仰起：请将相机放在眼睛的高度并看向它。",
    Fault.ROLLED: "头部歪斜：请保持头部端正。",
    Fault.BLURRED: "照片模糊：请拿稳相机，换一张更清晰的照片。",
    Fault.DARK: "脸部太暗：请使用光线更充足的照片。",
    Fault.BRIGHT: "脸部太亮：请使用光线较弱的照片。",
    Fault.FLAT: "对比度太低：请使用光线更好的照片。",
    Fault.MASK: "口罩、手或围巾遮住了嘴：拍照时请移开。",
    Fault.SUNGLASSES: "深色或反光的眼镜遮住了眼睛：不戴眼镜的照片更易识别。",
    Fault.EYES_CLOSED: "眼睛闭着：请使用睁眼的照片。",
    Fault.DRAWING: "这是图画或经过重度修饰：请使用相机原样拍摄的照片。",
    Fault.SIDEWAYS: "照片是横放的：请将其转正。",
    Fault.UPSIDE_DOWN: "照片上下颠倒：请将其转正。",
    Refusal.UNREADABLE: "照片无法读取：请以 JPEG、PNG 或 WebP 格式重新提交。",
    Refusal.NOT_COMPARABLE: "无法测量该人脸：请换一张照片。",
    Refusal.REPEATED: "与另一张照片相同：请换一张不同的照片。",
    Refusal.NOT_SAME_PERSON: "与其他照片不是同一个人：请使用同一个人的照片。",
    Refusal.ANOTHER_RESIDENT: "这张人脸属于另一位住户：请核对照片中的人。",
}

TEXTS: Final = {"en": _ENGLISH, "zh-Hans": _CHINESE}
"""By language and reason, one sentence that says what to do."""

_LIVE_ENGLISH: Final[dict[Fault | Refusal, str]] = {
    **_ENGLISH,
    Fault.NO_FACE: "Nobody is seen: look into the camera.",
    Fault.SEVERAL_FACES: "There are several faces: one person at a time.",
    Fault.SMALL: "Come nearer to the camera.",
    Fault.CUT: "Show the whole face.",
    Fault.TURNED: "Turn a little less.",
    Fault.TILTED: "Hold the head level.",
    Fault.BLURRED: "Hold still.",
    Fault.DARK: "It is too dark: turn to the light.",
    Fault.BRIGHT: "It is too bright: turn away from the light.",
    Fault.FLAT: "The light is poor: turn to it.",
    Fault.MASK: "Take the mask, the hand or the scarf away from the mouth.",
    Fault.EYES_CLOSED: "Open the eyes.",
    Fault.DRAWING: "Show your own face, not a picture.",
    Fault.SIDEWAYS: "The camera lies on its side: turn it upright.",
    Fault.UPSIDE_DOWN: "The camera is upside down: turn it upright.",
    Refusal.NOT_SAME_PERSON: "This is somebody else: one person at a time.",
}

_LIVE_CHINESE: Final[dict[Fault | Refusal, str]] = {
    **_CHINESE,
    Fault.NO_FACE: "未看到人脸：请看向摄像头。",
    Fault.SEVERAL_FACES: "有多张人脸：请一次一人。",
    Fault.SMALL: "请靠近摄像头。",
    Fault.CUT: "请露出整张脸。",
    Fault.TURNED: "请少转一些。",
    Fault.TILTED: "请平视前方。",
    Fault.BLURRED: "请保持不动。",
    Fault.DARK: "太暗：请面向光线。",
    Fault.BRIGHT: "太亮：请避开强光。",
    Fault.FLAT: "光线不佳：请面向光线。",
    Fault.MASK: "请移开遮住嘴的口罩、手或围巾。",
    Fault.EYES_CLOSED: "请睁开眼睛。",
    Fault.DRAWING: "请露出本人的脸，不要使用照片。",
    Fault.SIDEWAYS: "摄像头横放了：请将其转正。",
    Fault.UPSIDE_DOWN: "摄像头倒置了：请将其转正。",
    Refusal.NOT_SAME_PERSON: "这是另一个人：请一次一人。",
}

LIVE: Final = {"en": _LIVE_ENGLISH, "zh-Hans": _LIVE_CHINESE}
"""The same for somebody who stands before a camera and hears it while it looks."""
