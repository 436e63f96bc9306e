#!/usr/bin/env bash
# Fetches the source package of Mbed TLS from the Debian archive that this machine uses, and builds its self-tests for the
# board mps2_an386: build.sh FOLDER leaves FOLDER/selftest.elf. Ends with 77 when the package cannot be had.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
mkdir -p "$folder"
cd "$folder"
newer=$(find "$here" -newer selftest.elf -type f 2>/dev/null || echo all)
[[ ! -f selftest.elf || -n $newer ]] || exit 0

if [[ ! -d source ]]; then
  # The machine's own sources, as sources of source packages, apart from its lists.
  mkdir -p apt/parts apt/lists/partial download
  for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
    [[ -f $file ]] || continue
    sed -E 's/^Types:.*/Types: deb-src/; s/^deb /deb-src /' "$file" >"apt/parts/$(basename "$file")"
  done
  options=(-qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$PWD/apt/parts"
    -o Dir::State::Lists="$PWD/apt/lists" -o Dir::Cache="$PWD/apt")
  if ! { apt-get "${options[@]}" update && (cd download && apt-get "${options[@]}" source --download-only mbedtls); } \
    >fetch.log 2>&1 || ! ls download/mbedtls_*.orig.tar.* >/dev/null 2>&1; then
    echo "the source package mbedtls cannot be fetched (log: $PWD/fetch.log)"
    exit 77
  fi
  mkdir source.new
  tar -xf download/mbedtls_*.orig.tar.* -C source.new --strip-components=1
  mv source.new source
fi

flags=(-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard -O2 -fomit-frame-pointer -ffunction-sections
  -fdata-sections -w -Isource/include -I"$here" "-DMBEDTLS_USER_CONFIG_FILE=\"user_config.h\"")
mkdir -p objects
# shellcheck disable=SC2016 # the inner shell expands them
printf '%s\0' source/library/*.c source/programs/test/selftest.c "$here/board.c" |
  xargs -0 -P "$(nproc)" -I{} bash -c 'arm-none-eabi-gcc "${@:2}" -c "$1" -o "objects/$(basename "$1" .c).o"' _ {} "${flags[@]}"
arm-none-eabi-gcc "${flags[@]}" --specs=nano.specs -nostartfiles -Wl,--gc-sections -T "$here/board.ld" objects/*.o \
  -o selftest.elf
