module tollgate/bench/upstream

go 1.21
