# SPDX-License-Identifier: GPL-2.0
"""A store in LMDB's write-map mode, which commits by msync().

	store_lmdb.py store DIR	stores, commits, says so, and waits to be killed
	store_lmdb.py check DIR	says what is there
	store_lmdb.py commit DIR N	when a line comes, commits N times and says so
"""
import sys
import lmdb

what, directory = sys.argv[1:3]
env = lmdb.open(directory + "/lmdb", map_size=1 << 22, writemap=True)


def put(numbers):
    with env.begin(write=True) as transaction:
        for number in numbers:
            transaction.put(b"key %d" % number, b"value %d " % number * 40)


if what == "store":
    put(range(200))
    put(range(200, 300))
    print("committed", flush=True)
    sys.stdin.read()
elif what == "check":
    with env.begin() as transaction:
        right = sum(transaction.get(b"key %d" % number) == b"value %d " % number * 40
                    for number in range(300))
        print(right, "right of", transaction.stat()["entries"])
elif what == "commit":
    put(range(300))
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(int(sys.argv[3])):
        put([number])
    print("committed", flush=True)
    sys.stdin.read()
