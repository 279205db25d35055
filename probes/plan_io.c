/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads and writes of files and connections, and how connections come to be. What they returned is
 * not seen here: a probe on a ret is single-stepped; the kernel's tracepoints tell.
 */
#include "plan_build.h"

#define FD_ROW(event, from, func, where, lost)                                                     \
	PLAN_ROW(event, from, 27, GOLIN_SITE_PROLOGUE, 0, "internal/poll.(*FD)." func,             \
		 "fd=$1(@0)" where, lost, .f1 = GOLIN_F_POLL_FD_Sysfd)

static const struct plan_row rows[] = {
	FD_ROW("io.read", 13, "Read", " buf=@1 len=@2", "reads"),
	FD_ROW("io.read.at", 13, "Pread", " buf=@1 len=@2 off=@4", "reads at an offset"),
	FD_ROW("io.read.from", 13, "ReadFrom", " buf=@1 len=@2", "reads of datagrams"),
	FD_ROW("io.read.from4", 18, "ReadFromInet4", " buf=@1 len=@2", "reads of datagrams"),
	FD_ROW("io.read.from6", 18, "ReadFromInet6", " buf=@1 len=@2", "reads of datagrams"),
	FD_ROW("io.read.msg", 13, "ReadMsg", " buf=@1 len=@2", "reads of messages"),
	FD_ROW("io.read.msg4", 18, "ReadMsgInet4", " buf=@1 len=@2", "reads of messages"),
	FD_ROW("io.read.msg6", 18, "ReadMsgInet6", " buf=@1 len=@2", "reads of messages"),
	FD_ROW("io.write", 13, "Write", " buf=@1 len=@2", "writes"),
	FD_ROW("io.write.at", 13, "Pwrite", " buf=@1 len=@2 off=@4", "writes at an offset"),
	FD_ROW("io.write.to", 13, "WriteTo", " buf=@1 len=@2", "writes of datagrams"),
	FD_ROW("io.write.to4", 18, "WriteToInet4", " buf=@1 len=@2", "writes of datagrams"),
	FD_ROW("io.write.to6", 18, "WriteToInet6", " buf=@1 len=@2", "writes of datagrams"),
	FD_ROW("io.write.msg", 13, "WriteMsg", " buf=@1 len=@2", "writes of messages"),
	FD_ROW("io.write.msg4", 18, "WriteMsgInet4", " buf=@1 len=@2", "writes of messages"),
	FD_ROW("io.write.msg6", 18, "WriteMsgInet6", " buf=@1 len=@2", "writes of messages"),
	FD_ROW("io.writev", 13, "Writev", " bufs=@1", "writes of several buffers"),
	FD_ROW("io.accept", 13, "Accept", "", "the wait for a connection"),
	FD_ROW("io.shutdown", 13, "Shutdown", " how=@1", "half-closed connections"),
	FD_ROW("io.close", 13, "Close", "", "closes"),
	PLAN_ROW("io.resolve", 13, 27, GOLIN_SITE_PROLOGUE, 0, "net.(*Resolver).lookupIPAddr",
		 "ctx=@1,@2 network=@3,@4 host=@5,@6", "which host is looked up"),
	PLAN_ROW("io.dial", 13, 27, GOLIN_SITE_PROLOGUE, 0, "net.(*sysDialer).dialSerial",
		 "dialer=@0 ctx=@1,@2 addrs=@3,@4",
		 "the addresses that are tried one after the other"),
	PLAN_ROW("io.dial.one", 13, 27, GOLIN_SITE_PROLOGUE, 0, "net.(*sysDialer).dialSingle",
		 "dialer=@0 ctx=@1,@2 addr=@3,@4", "each address that is tried"),
	PLAN_ROW("io.connect", 13, 27, GOLIN_SITE_PROLOGUE, 0, "net.(*netFD).connect",
		 "netfd=@0 ctx=@1,@2 laddr=@3,@4 raddr=@5,@6", "connects"),
};

void plan_io(struct plan_build *b)
{
	plan_rows(b, GOLIN_GROUP_IO, rows, sizeof(rows) / sizeof(rows[0]));
}
