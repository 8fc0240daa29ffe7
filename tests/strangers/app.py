"""One service: `app.py DOOR SHAPE [HABIT…]`."""
import sys

import doors, habits, shapes, sound

door, shape, *rest = sys.argv[1:]


def make():
    service = sound.Sound(getattr(shapes, shape)())
    for habit in rest:
        getattr(habits, habit)(service)
    return service


getattr(doors, door)(make)
