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
