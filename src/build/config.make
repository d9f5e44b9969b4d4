# Sourced by nginx's auto/make: flags for our own objects and no others. With
# WERROR in the environment of configure, a warning is an error: for our CI.
# g++ refuses -Werror=implicit-function-declaration, which newer Debian
# suites have among their flags.

id_token_objs=
for id_token_src in $ngx_addon_dir/../*/*/*.cc; do
    id_token_dir=`dirname $id_token_src`
    id_token_objs="$id_token_objs \
        $NGX_OBJS/addon/`basename $id_token_dir`/`basename $id_token_src .cc`.o"
done

cat << END >> $NGX_MAKEFILE

$id_token_objs: CFLAGS := \$(filter-out -Werror=implicit-function-declaration -std=% -Werror,\$(CFLAGS)) -std=c++20 -Wall -Wextra -Wno-unused-parameter ${WERROR:+-Werror} -fvisibility=hidden -iquote $ngx_addon_dir/../core -iquote $ngx_addon_dir/../nginx \$(ID_TOKEN_CXXFLAGS)

END
