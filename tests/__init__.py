"""What is compiled is kept, whatever the environment says: every program a test starts would compile it all anew."""

import os
import sys

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
