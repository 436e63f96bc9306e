# How a folder becomes a library, and how the build finds operators and DSP blocks.

# thimble_folder(<name> SHARED|HOST [ONE_PROCESS] [LESS] [JSON] [DEPENDS <target>...] [TEST_DEPENDS <target>...])
#
# Every *.cc below the folder goes into the static library <name>, but for
#   *_test.cc       one GoogleTest program a folder, <name>_tests
#   *_fuzz.cc       one libFuzzer program each (preset "fuzz"), <file name>
#   *_benchmark.cc  one Google Benchmark program each, <file name>
#   what matches a regular expression after EXCLUDE
# LESS: see thimble_compile_fast. JSON: many of its sources read nlohmann-json (thimble_precompile).
# ONE_PROCESS: ctest starts all tests of the folder at once instead of one by one, where their preparation is dear.
# SHARED folders are compiled for device and host alike: against the device include root, without exceptions or
# RTTI, and with a written order of float operations. HOST folders are left out of the device build.
function(thimble_folder name kind)
  cmake_parse_arguments(FOLDER "ONE_PROCESS;LESS;JSON" "" "DEPENDS;TEST_DEPENDS;EXCLUDE" ${ARGN})
  if(kind STREQUAL "HOST" AND THIMBLE_DEVICE)
    return()
  endif()
  set(json "")
  set(less "")
  if(FOLDER_JSON)
    set(json JSON_)
  endif()
  if(FOLDER_LESS)
    set(less LESS)
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  set(fuzzers ${sources})
  set(benchmarks ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER benchmarks INCLUDE REGEX "_benchmark\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|benchmark)\\.cc$")
  foreach(pattern ${FOLDER_EXCLUDE})
    foreach(list sources tests fuzzers benchmarks)
      list(FILTER ${list} EXCLUDE REGEX "${pattern}")
    endforeach()
  endforeach()

  if(sources)
    add_library(${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(${name} ${scope} ${FOLDER_DEPENDS})
  if(kind STREQUAL "SHARED")
    target_include_directories(${name} ${scope} ${THIMBLE_DEVICE_ROOT} ${THIMBLE_GENERATED})
    if(sources)
      target_compile_options(${name} PRIVATE -fno-exceptions -fno-rtti -ffp-contract=off)
    endif()
  else()
    target_include_directories(${name} ${scope} ${CMAKE_SOURCE_DIR} ${THIMBLE_GENERATED})
    if(sources)
      thimble_precompile(${name} ${json}STANDARD ${less})
      if(FOLDER_LESS)
        thimble_compile_fast(${name} LESS)
      endif()
    endif()
  endif()

  if(THIMBLE_DEVICE)
    return()
  endif()
  if(tests AND NOT THIMBLE_FUZZ)
    add_executable(${name}_tests ${tests})
    target_include_directories(${name}_tests PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name}_tests PRIVATE ${name} ${FOLDER_TEST_DEPENDS} rapidcheck GTest::gtest_main)
    target_compile_definitions(${name}_tests PRIVATE
      THIMBLE_SOURCE_DIR="${CMAKE_SOURCE_DIR}" THIMBLE_BINARY_DIR="${CMAKE_BINARY_DIR}")
    # Compiling takes most of the gate, and each test runs once for each time that it is compiled. What SHARED folders
    # have in headers is compiled with their tests, which therefore keep both sanitizers.
    if(kind STREQUAL "SHARED")
      set(less "FAST")
    else()
      set(less "LESS")
    endif()
    thimble_compile_fast(${name}_tests ${less})
    thimble_precompile(${name}_tests ${json}TESTS ${less})
    # With -O1 GCC 12 sees overflows in the standard library's inlined copies that are not there (bug 105329).
    target_compile_options(${name}_tests PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>)
    if(FOLDER_ONE_PROCESS)
      add_test(NAME ${name}/all COMMAND ${name}_tests --gtest_brief=1)
      set_tests_properties(${name}/all PROPERTIES TIMEOUT 900)
    else()
      gtest_discover_tests(${name}_tests TEST_PREFIX "${name}/" NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600)
    endif()
  endif()
  if(THIMBLE_FUZZ)
    foreach(file ${fuzzers})
      get_filename_component(program ${file} NAME_WE)
      add_executable(${program} ${file})
      target_include_directories(${program} PRIVATE ${CMAKE_SOURCE_DIR})
      target_link_libraries(${program} PRIVATE ${name} ${FOLDER_TEST_DEPENDS})
      target_compile_definitions(${program} PRIVATE THIMBLE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
      target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    endforeach()
  elseif(NOT THIMBLE_SANITIZE)
    foreach(file ${benchmarks})
      get_filename_component(program ${file} NAME_WE)
      add_executable(${program} EXCLUDE_FROM_ALL ${file})
      target_include_directories(${program} PRIVATE ${CMAKE_SOURCE_DIR})
      target_link_libraries(${program} PRIVATE ${name} ${FOLDER_TEST_DEPENDS} benchmark::benchmark_main)
      add_dependencies(benchmarks ${program})
    endforeach()
  endif()
endfunction()

# thimble_precompile(<target> STANDARD|JSON_STANDARD|TESTS|JSON_TESTS [LESS|FAST])
#
# With THIMBLE_PRECOMPILE the headers of the standard library, of nlohmann-json and of GoogleTest are read once and not
# by each source: a fifth of what compiling costs. They have to be compiled as the target is (thimble_compile_fast), and
# what a source needs it names as ever: builds without this option show what it forgot.
function(thimble_precompile target kind)
  if(NOT THIMBLE_PRECOMPILE)
    return()
  endif()
  set(provider headers_${kind}_${ARGN})
  if(NOT TARGET ${provider})
    set(headers <algorithm> <array> <atomic> <chrono> <cstdint> <cstdio> <filesystem> <fstream> <functional> <map> <memory>
                <mutex> <optional> <random> <set> <span> <sstream> <string> <string_view> <thread> <utility> <variant> <vector>)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/headers.cc CONTENT "// Nothing but what it includes.\n")
    add_library(${provider} OBJECT ${CMAKE_BINARY_DIR}/headers.cc)
    if(kind MATCHES "TESTS")
      list(APPEND headers <gtest/gtest.h>)
      target_link_libraries(${provider} PRIVATE GTest::gtest)  # it defines what its header looks at
    endif()
    if(kind MATCHES "JSON")
      list(APPEND headers <nlohmann/json.hpp>)
    endif()
    if(ARGN)
      thimble_compile_fast(${provider} ${ARGN})
    endif()
    target_precompile_headers(${provider} PRIVATE ${headers})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${provider})
endfunction()

# thimble_compile_fast(<target> LESS|FAST)
#
# FAST: optimised less, which compiles in two thirds of the time.
# LESS: for what waits for people, disks and networks and not for the processor. Besides, of the two sanitizers it has the
# one for addresses alone: the other doubles its code and looks for what goes wrong with numbers. Fuzzers have both.
function(thimble_compile_fast target kind)
  target_compile_options(${target} PRIVATE $<IF:$<BOOL:${THIMBLE_SANITIZE}>,-O0,-O1>)
  if(kind STREQUAL "LESS" AND THIMBLE_SANITIZE AND NOT THIMBLE_FUZZ)
    target_compile_options(${target} PRIVATE -fno-sanitize=undefined)
  endif()
endfunction()

# thimble_optimise_less(<file>...): FAST for single sources, whose headers instantiate much.
function(thimble_optimise_less)
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS $<IF:$<BOOL:${THIMBLE_SANITIZE}>,-O0,-O1>)
  thimble_unlike(${ARGN})
endfunction()

# thimble_unlike(<file>...): sources that are compiled in another way than the rest of their target.
function(thimble_unlike)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()

# thimble_discover(<folder> <header> <MACRO> <output stem>)
#
# Finds <folder>/*/<header> and writes two generated files, so that adding a folder is the only edit:
#   <stem>_headers.inc   #include "<folder>/<sub>/<header>"
#   <stem>.inc           MACRO(TypeName)   where sub "fully_connected" names the type FullyConnected
function(thimble_discover folder header macro stem)
  file(GLOB found CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/${folder}/*/${header})
  list(SORT found)
  set(list_text "")
  set(header_text "")
  foreach(path ${found})
    get_filename_component(sub ${path} DIRECTORY)
    get_filename_component(sub ${sub} NAME)
    string(REPLACE "_" ";" words ${sub})
    set(type "")
    foreach(word ${words})
      string(SUBSTRING ${word} 0 1 first)
      string(SUBSTRING ${word} 1 -1 rest)
      string(TOUPPER ${first} first)
      string(APPEND type ${first}${rest})
    endforeach()
    string(APPEND list_text "${macro}(${type})\n")
    string(APPEND header_text "#include \"${path}\"\n")
  endforeach()
  file(GENERATE OUTPUT ${THIMBLE_GENERATED}/${folder}/${stem}.inc CONTENT "${list_text}")
  file(GENERATE OUTPUT ${THIMBLE_GENERATED}/${folder}/${stem}_headers.inc CONTENT "${header_text}")
endfunction()
