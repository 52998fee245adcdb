"""How a disk says that nothing more can be written to it."""

import errno

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
