"""What can go wrong with models and pictures. Every text is one sentence or two that say what to do."""


class VisionError(Exception):
    """Anything below."""


class ModelError(VisionError):
    """A model file that cannot be used."""


class RuntimeModelError(VisionError):
    """A model that cannot be run, or whose answer is not usable: nothing may be concluded from it."""


class PictureError(VisionError):
    """A picture that cannot be used; the text is the reason, without the picture's name."""
