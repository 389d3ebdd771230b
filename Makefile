# SPDX-License-Identifier: GPL-2.0
# For people; what the kernel's build system reads is Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
release = $(file <$(KDIR)/include/config/kernel.release)

.PHONY: module client demo check test bench deb install uninstall tree shell clean help
.DEFAULT_GOAL := module

module:
	@machine/probe '$(KDIR)'
	@$(MAKE) --no-print-directory -C '$(KDIR)' M='$(CURDIR)' MO='$(CURDIR)/build/$(release)' modules
	@echo 'build/$(release)/vm_map_sync.ko'

client:
	@packaging/client

install:
	@packaging/install module client

uninstall:
	@packaging/install --remove module client

deb:
	@machine/enter packaging/deb

demo:
	@machine/enter machine/demo

test:
	@tests/run

check:
	@tests/run --stock check

bench:
	@bench/run

tree:
	@tree=$$(machine/tree) && echo "$$tree/source"

shell:
	@machine/enter bash

clean:
	rm -rf build

help:
	@echo 'make demo           see it work, on a stock kernel in a virtual machine'
	@echo 'make check          the quick ones of the tests, for while one works'
	@echo 'make test           run all the tests, on the stock kernel and on one that watches itself'
	@echo 'make bench          measure what the call costs, next to what its peers cost'
	@echo 'make [KDIR=...]     build vm_map_sync.ko for the running kernel, or for another tree'
	@echo 'make tree           prepare a Debian kernel tree for Rust modules, print its KDIR'
	@echo 'make shell          a shell in the Debian root that demo, test and tree work in'
	@echo 'make clean          remove what was built here'
	@echo
	@echo 'The Debian root and the kernel trees are cached in $(or $(VM_MAP_SYNC_CACHE),/var/cache/vm_map_sync);'
	@echo 'it can be removed at any time, or be elsewhere: set VM_MAP_SYNC_CACHE.'
