"""Moto, which otherwise keeps all that it ever held, also what was deleted."""

import resource
import sys

from moto.core.common_models import BaseModel
from moto.server import main

BaseModel.__new__ = lambda cls, *_, **__: object.__new__(cls)
if sys.platform == "linux":
    # Whatever else it keeps, the machine has other things to do.
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
main(sys.argv[1:])
