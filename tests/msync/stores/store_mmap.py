# SPDX-License-Identifier: GPL-2.0
"""A store of records in a mapped file, which commits by mmap.flush().

	store_mmap.py store DIR	stores, commits all but one record, says so, and waits to be killed
	store_mmap.py check DIR	says what is there
"""
import mmap
import sys

what, directory = sys.argv[1:3]
path = directory + "/records"
RECORDS = 63
LAST = 1023  # far away from the others


def place(number):
    return slice(number * mmap.PAGESIZE, (number + 1) * mmap.PAGESIZE)


def record(number):
    return (b"record %d " % number * 512)[:mmap.PAGESIZE]


if what == "store":
    with open(path, "wb") as file:
        file.truncate((LAST + 1) * mmap.PAGESIZE)
with open(path, "r+b") as file:
    records = mmap.mmap(file.fileno(), 0)
records.madvise(mmap.MADV_RANDOM)
if what == "store":
    for number in [*range(RECORDS), LAST]:
        records[place(number)] = record(number)
    records.flush(0, RECORDS * mmap.PAGESIZE)
    print("committed", flush=True)
    sys.stdin.read()
elif what == "check":
    print(sum(records[place(number)] == record(number) for number in range(RECORDS)), "right of", RECORDS)
    print("the last one is", "there" if any(records[place(LAST)]) else "not there")
