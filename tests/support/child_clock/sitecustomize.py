"""Set the clock of a process that a test starts (tests/support/clock.py). Python imports this module at startup."""

import os
import time

import time_machine

time_machine.travel(time.time() + float(os.environ["TEST_CLOCK_AHEAD"]), tick=True).start()
