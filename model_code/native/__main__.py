"""`python -m model_code.native` compiles the library, if it isn't there, and checks that it loads."""

import sys

from model_code.native.build import NativeError, compile_library, library_path
from model_code.native.library import load_library

try:
    library_path().exists() or compile_library()
    load_library()
except NativeError as error:
    sys.exit(str(error))
sys.stdout.write(f"{library_path()}\n")
