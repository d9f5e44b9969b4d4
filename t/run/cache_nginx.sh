#!/bin/sh
# Stands for nginx in a test run: puts "id_token_cache $CACHE" into the
# configuration, unless it says something about the cache itself.
next=
for argument in "$@"; do
    if [ "$next" = -c ] && [ -f "$argument" ] &&
        ! grep -q id_token_cache "$argument"; then
        sed -i "s/^http {/http { id_token_cache $CACHE;/" "$argument"
    fi
    next=$argument
done
exec "$REAL_NGINX" "$@"
