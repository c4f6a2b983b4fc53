module tollgate/bench/streams

go 1.21
