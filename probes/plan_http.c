/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/http. The names of a client's events are those of net/http/httptrace. connectMethod is
 * passed by value: proxy, scheme (2 words), address (2), onlyH1. Requests by HTTP/2 come to a
 * server's handler as the others do.
 */
#include "plan_build.h"

#define ROW(event, func, where, lost)                                                              \
	PLAN_ROW(event, 13, 27, GOLIN_SITE_PROLOGUE, 0, "net/http." func, where, lost)

static const struct plan_row rows[] = {
	ROW("http.client.start", "(*Transport).roundTrip", "transport=@0 req=@1",
	    "requests of clients"),
	ROW("http.client.get_conn", "(*Transport).getConn",
	    "transport=@0 treq=@1 proxy=@2 scheme=@3,@4 addr=@5,@6",
	    "when a request asks for a connection"),
	ROW("http.client.idle_conn", "(*Transport).queueForIdleConn", "transport=@0 want=@1",
	    "whether an idle connection was to be had"),
	ROW("http.client.dial_conn", "(*Transport).dialConn",
	    "transport=@0 ctx=@1,@2 proxy=@3 scheme=@4,@5 addr=@6,@7",
	    "when a connection is made for requests"),
	ROW("http.client.got_conn", "(*wantConn).tryDeliver", "want=@0 conn=@1 err=@2,@3",
	    "which connection a request got"),
	ROW("http.client.round_trip", "(*persistConn).roundTrip", "conn=@0 treq=@1",
	    "which connection a request goes by"),
	ROW("http.client.read_loop", "(*persistConn).readLoop", "conn=@0",
	    "which goroutine reads a connection"),
	ROW("http.client.write_loop", "(*persistConn).writeLoop", "conn=@0",
	    "which goroutine writes a connection"),
	ROW("http.client.put_idle_conn", "(*Transport).tryPutIdleConn", "transport=@0 conn=@1",
	    "when a connection is free again"),
	/* Each https request of a client that can do HTTP/2 comes here first, also when there is no
	 * such connection yet: then it comes again when there is one. */
	PLAN_ROW("http.client.http2", 13, 26, GOLIN_SITE_PROLOGUE, 0,
		 "net/http.(*http2Transport).RoundTripOpt", "transport=@0 req=@1",
		 "requests of clients by HTTP/2"),
	/* Its requests are not those of net/http. */
	PLAN_ROW("http.client.http2", 27, 27, GOLIN_SITE_PROLOGUE, 0,
		 "net/http/internal/http2.(*Transport).RoundTripOpt", "transport=@0 clientreq=@1",
		 "requests of clients by HTTP/2"),
	ROW("http.server.conn", "(*conn).serve", "conn=@0 ctx=@1,@2",
	    "which goroutine serves a connection"),
	ROW("http.server.request", "serverHandler.ServeHTTP", "server=@0 writer=@1,@2 req=@3",
	    "requests to servers"),
	ROW("http.server.header", "(*response).WriteHeader", "response=@0 code=@1",
	    "the status that a handler sets"),
	ROW("http.server.finish", "(*response).finishRequest", "response=@0",
	    "when a handler is done"),
};

void plan_http(struct plan_build *b)
{
	plan_rows(b, GOLIN_GROUP_HTTP, rows, sizeof(rows) / sizeof(rows[0]));
}
