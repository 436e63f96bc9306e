#include "compiler/export_packages.h"

#include <cstdio>
#include <functional>

#include "compiler/export_text.h"

namespace thimble::compiler {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;
using Files = std::map<std::string, std::string>;

std::string Grouped(int64_t number) {
  std::string text = std::to_string(number);
  for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string Decimal(double number) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", number);
  return text;
}

/// The paths as a list for a build file, each on a line of its own.
std::string List(const std::vector<std::string>& paths, const std::string& before, const std::string& after = "\n") {
  std::string text;
  for (const std::string& path : paths) text.append(before).append(path).append(after);
  return text;
}

/// What our sources are compiled with, wherever flags can be set: without them no bit is the laptop's for networks of
/// floats, and code grows.
constexpr const char* kCppFlags = "-fno-exceptions -fno-rtti -fno-threadsafe-statics -ffp-contract=off";

void AddC(const Values& values, Files& files) {
  files["Makefile"] = Fill(R"(# make            builds build/example for this computer
# make run        and runs it
# make lib        builds build/lib@name@.a only
# For a microcontroller:
#   make lib CROSS_COMPILE=arm-none-eabi- CPU="-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard"
CC = $(CROSS_COMPILE)gcc
CXX = $(CROSS_COMPILE)g++
AR = $(CROSS_COMPILE)ar
OPTIMISE = -O2
COMMON = $(CPU) $(OPTIMISE) -Wall -Wextra -ffunction-sections -fdata-sections
CFLAGS = -std=c99
CXXFLAGS = -std=c++20 @cpp_flags@
LDFLAGS =

sources = \
@make_sources@
objects = $(addprefix build/,$(addsuffix .o,$(sources)))

build/example: example/main.c build/lib@name@.a include/@name@.h
	$(CC) $(COMMON) $(CFLAGS) -Iinclude -o $@ example/main.c build/lib@name@.a $(LDFLAGS) -Wl,--gc-sections -lm

build/lib@name@.a: $(objects)
	rm -f $@
	$(AR) rcs $@ $^

build/%.cc.o: %.cc
	@mkdir -p $(dir $@)
	$(CXX) $(COMMON) $(CXXFLAGS) -MMD -c -o $@ $<

build/%.S.o: %.S
	@mkdir -p $(dir $@)
	$(CC) $(COMMON) -c -o $@ $<

.PHONY: lib run clean
lib: build/lib@name@.a
run: build/example
	build/example
clean:
	rm -rf build
-include $(objects:.o=.d)
)",
                           values);
  files["example/main.c"] = values.find("example")->second;
}

void AddCmake(const Values& values, Files& files) {
  files["CMakeLists.txt"] = Fill(
      R"(# The network "@name@" as a library: add_subdirectory(...) and target_link_libraries(you PRIVATE @name@::@name@).
cmake_minimum_required(VERSION 3.16)
project(@name@ VERSION 1.0.0 LANGUAGES C CXX ASM)
include(GNUInstallDirs)

add_library(@name@ STATIC
@cmake_sources@)
add_library(@name@::@name@ ALIAS @name@)
target_include_directories(@name@ PUBLIC
  $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(@name@ PRIVATE cxx_std_20)
target_compile_options(@name@ PRIVATE
  -ffunction-sections -fdata-sections
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions;-fno-rtti;-fno-threadsafe-statics;-ffp-contract=off>)
# Weights are fixed and loops are known: what is built without a choice is built fast.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  target_compile_options(@name@ PRIVATE -O2)
endif()

install(TARGETS @name@ EXPORT @name@ ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES include/@name@.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT @name@ NAMESPACE @name@:: FILE @name@-config.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/@name@)

# The example is built when this folder is built for itself.
if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR)
  add_executable(example example/main.c)
  target_link_libraries(example PRIVATE @name@::@name@)
endif()
)",
      values);
  files["example/main.c"] = values.find("example")->second;
}

void AddArduino(const Values& values, Files& files) {
  files["library.properties"] = Fill(R"(name=@name@
version=1.0.0
author=Thimble
maintainer=Thimble
sentence=The neural network @name@, ready to run.
paragraph=@io@. Takes @ram@ bytes of RAM and allocates nothing. Example: HelloWorld.
category=Data Processing
url=
architectures=*
includes=@name@.h
precompiled=full
dot_a_linkage=true
)",
                                     values);
  files["keywords.txt"] = Fill(
      "@name@_tensor\tKEYWORD1\n@name@_information\tKEYWORD1\n@name@_run\tKEYWORD2\n@name@_input\tKEYWORD2\n"
      "@name@_output\tKEYWORD2\n@name@_invoke\tKEYWORD2\n@name@_reset\tKEYWORD2\n@name@_info\tKEYWORD2\n"
      "@NAME@_INPUT_COUNT\tLITERAL1\n@NAME@_OUTPUT_COUNT\tLITERAL1\n@NAME@_INPUT_LENGTH\tLITERAL1\n"
      "@NAME@_OUTPUT_LENGTH\tLITERAL1\n",
      values);
  files["examples/HelloWorld/HelloWorld.ino"] = values.find("sketch")->second;
}

void AddPlatformio(const Values& values, Files& files) {
  files["library.json"] = Fill(R"({
  "name": "@name@",
  "version": "1.0.0",
  "description": "The neural network @name@, ready to run. @io@.",
  "keywords": "neural network, machine learning",
  "frameworks": "*",
  "platforms": "*",
  "headers": "@name@.h",
  "build": {
    "includeDir": "include",
    "srcDir": "src",
    "srcFilter": "+<*>",
    "unflags": ["-std=gnu++11", "-std=gnu++14", "-std=gnu++17"],
    "flags": ["-std=gnu++20", "-ffp-contract=off"]
  },
  "export": {"exclude": ["examples/HelloWorld/.pio"]}
}
)",
                               values);
  files["examples/HelloWorld/platformio.ini"] = Fill(R"(; pio run -e native -t exec      on this computer
; pio run -e nano33ble -t upload  on a board; the serial monitor shows what it answers
[platformio]
default_envs = native

[env]
lib_deps = symlink://../..

[env:native]
platform = native
build_src_filter = +<main.c>

[env:nano33ble]
platform = nordicnrf52
board = nano33ble
framework = arduino
monitor_speed = 115200
build_src_filter = +<sketch.cpp>
)",
                                                     values);
  files["examples/HelloWorld/src/main.c"] = values.find("example")->second;
  files["examples/HelloWorld/src/sketch.cpp"] = "#include <Arduino.h>\n\n" + values.find("sketch")->second;
}

void AddZephyr(const Values& values, Files& files) {
  files["zephyr/module.yml"] = Fill("name: @name@\nbuild:\n  cmake: .\n  kconfig: zephyr/Kconfig\n", values);
  files["zephyr/Kconfig"] = Fill(R"(config @NAME@
	bool "Neural network @name@"
	depends on CPP && (STD_CPP20 || STD_CPP2B) && REQUIRES_FULL_LIBCPP
	help
	  @io@. Takes @ram@ bytes of RAM, all of it static.
	  The library needs C++20 to compile; its header @name@.h is C.
)",
                                 values);
  files["CMakeLists.txt"] = Fill(R"(# A Zephyr module: the library @name@, with CONFIG_@NAME@=y.
if(CONFIG_@NAME@)
  zephyr_include_directories(include)
  zephyr_library_named(@name@)
  zephyr_library_sources(
@cmake_sources@  )
  zephyr_library_compile_options(
    $<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>)
endif()
)",
                                 values);
  files["samples/hello/CMakeLists.txt"] = Fill(R"(cmake_minimum_required(VERSION 3.20)
list(APPEND ZEPHYR_EXTRA_MODULES ${CMAKE_CURRENT_SOURCE_DIR}/../..)
find_package(Zephyr REQUIRED HINTS $ENV{ZEPHYR_BASE})
project(@name@_hello LANGUAGES C CXX)
target_sources(app PRIVATE src/main.c)
)",
                                               values);
  files["samples/hello/prj.conf"] = Fill(R"(CONFIG_CPP=y
CONFIG_STD_CPP20=y
CONFIG_REQUIRES_FULL_LIBCPP=y
CONFIG_@NAME@=y
# printf of floats, and stack for it.
CONFIG_CBPRINTF_FP_SUPPORT=y
CONFIG_MAIN_STACK_SIZE=4096
# Uncomment on cores with a floating-point unit.
# CONFIG_FPU=y
)",
                                         values);
  files["samples/hello/sample.yaml"] = Fill(R"(sample:
  name: @name@_hello
tests:
  sample.@name@.hello:
    integration_platforms:
      - mps2/an386
)",
                                            values);
  files["samples/hello/src/main.c"] = values.find("example")->second;
}

void AddEspIdf(const Values& values, Files& files) {
  files["CMakeLists.txt"] = Fill(R"(idf_component_register(
  SRCS
@cmake_sources@  INCLUDE_DIRS include)
target_compile_options(${COMPONENT_LIB} PRIVATE
  -O2 $<$<COMPILE_LANGUAGE:CXX>:-std=gnu++20> $<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>)
)",
                                 values);
  files["idf_component.yml"] = Fill(R"(version: "1.0.0"
description: "The neural network @name@, ready to run. @io@."
dependencies:
  idf: ">=5.0"
)",
                                    values);
  files["examples/hello/CMakeLists.txt"] = Fill(R"(cmake_minimum_required(VERSION 3.16)
set(EXTRA_COMPONENT_DIRS ${CMAKE_CURRENT_LIST_DIR}/../..)
include($ENV{IDF_PATH}/tools/cmake/project.cmake)
project(@name@_hello)
)",
                                                values);
  files["examples/hello/main/CMakeLists.txt"] = "idf_component_register(SRCS main.c INCLUDE_DIRS .)\n";
  files["examples/hello/main/main.c"] = values.find("app_main")->second;
}

struct UseOfKind {
  ExportKind kind;
  void (*add)(const Values&, Files&);
  const char* title;
  const char* use;
};

constexpr UseOfKind kUses[] = {
    {ExportKind::kC, &AddC, "as C",
     "    make run        # builds and runs example/main.c on this computer\n"
     "    make lib CROSS_COMPILE=arm-none-eabi- CPU=\"-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard\"\n\n"
     "Or add `src/` and `include/` to a project of yours: C++20 for the `.cc` files, no other setting is needed.\n"},
    {ExportKind::kArduino, &AddArduino, "an Arduino library",
     "Copy this folder into the folder `libraries` of your sketchbook, or zip it and take Sketch > Include Library >\n"
     "Add .ZIP Library. Then open File > Examples > @name@ > HelloWorld.\n\n"
     "@precompiled@"},
    {ExportKind::kPlatformio, &AddPlatformio, "a PlatformIO library",
     "    pio run -d examples/HelloWorld -e native -t exec   # on this computer\n\n"
     "In a project of yours: `lib_deps = symlink:///path/to/this/folder` in `platformio.ini`, and a toolchain that\n"
     "knows C++20 (GCC 10 or newer); `library.json` sets the flags.\n"},
    {ExportKind::kCmake, &AddCmake, "a CMake package",
     "    cmake -B build && cmake --build build && build/example\n\n"
     "In a project of yours:\n\n"
     "    add_subdirectory(@name@)                                  # or install it, and find_package(@name@)\n"
     "    target_link_libraries(your_program PRIVATE @name@::@name@)\n"},
    {ExportKind::kZephyr, &AddZephyr, "a Zephyr module",
     "    west build -b mps2/an386 samples/hello -t run\n\n"
     "In a project of yours: name this folder in `ZEPHYR_EXTRA_MODULES` (or in the manifest), and in `prj.conf` set\n"
     "CONFIG_CPP, CONFIG_STD_CPP20, CONFIG_REQUIRES_FULL_LIBCPP and CONFIG_@NAME@ to y. Names are those of Zephyr 3.5\n"
     "and newer.\n"},
    {ExportKind::kEspIdf, &AddEspIdf, "an ESP-IDF component",
     "    cd examples/hello && idf.py set-target esp32s3 && idf.py flash monitor\n\n"
     "In a project of yours: copy this folder into `components/`. ESP-IDF 5.0 or newer.\n"},
};

const UseOfKind& UseOf(ExportKind kind) {
  for (const UseOfKind& use : kUses) {
    if (use.kind == kind) return use;
  }
  return kUses[0];
}

std::string TensorRows(const char* side, const std::vector<ExportedTensor>& tensors) {
  std::string text;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const ExportedTensor& tensor = tensors[i];
    text += std::string("| ") + side + " " + std::to_string(i) + " | " + tensor.type_name() + " | " +
            tensor.ShapeText() + " | " +
            (tensor.quantised ? Decimal(tensor.scale) + " | " + std::to_string(tensor.zero_point) + " | " +
                                    Decimal(tensor.lowest()) + " to " + Decimal(tensor.highest())
                              : "| | any") +
            " |\n";
  }
  return text;
}

std::string Readme(const UseOfKind& use, const Interface& interface, const Values& values) {
  std::string labels;
  for (size_t i = 0; i < interface.labels.size(); ++i) {
    labels += (i == 0 ? "Answers, in order: " : ", ") + interface.labels[i];
  }
  if (!labels.empty()) labels += ".\n\n";
  std::string stored;  // floats of everything would not fit many microcontrollers
  for (size_t i = 0; i < interface.inputs.size(); ++i) {
    stored += "    " + std::string(interface.inputs[i].c_type()) + " *input" + std::to_string(i) + " = " +
              interface.name + "_input(" + std::to_string(i) + ");  /* " + Grouped(interface.inputs[i].count) +
              " of them */\n";
  }
  return Fill("# @name@, " + std::string(use.title) + R"(

A neural network, made of `@model@` by `thimble export`. Everything is in this folder: no other library, no arena to
guess, nothing allocated.

| tensor | type | shape | scale | zero point | range |
| --- | --- | --- | --- | --- | --- |
@rows@
real = scale * (stored - zero point).

@labels@| memory | bytes |
| --- | --- |
| RAM, exactly | @ram_grouped@ |
| weights and tables, in flash | @constants_grouped@ |

@macs@ multiply-accumulates a run; the steps were chosen for @core@ and compute the same bits on every core.

## Try it

)" + std::string(use.use) +
                  R"(
## Use it

    #include "@name@.h"

    float in[@NAME@_INPUT_LENGTH];   /* real numbers */
    float out[@NAME@_OUTPUT_LENGTH];
    if (@name@_run(in, out)) { ... }

Or without copies, as the network stores them:

@stored@    @name@_invoke();
    ... @name@_output(0) ...

`@name@_info` says all of the above to programs; `@name@_reset()` forgets what was kept between runs. The header says
the rest. The network is one: do not run it from two threads at once.

Sources below `src/thimble/` are under the MIT licence (`LICENSE`).
)",
              [&] {
                Values all = values;
                all["rows"] = TensorRows("input", interface.inputs) + TensorRows("output", interface.outputs);
                all["labels"] = labels;
                all["stored"] = stored;
                return all;
              }());
}

/// "Takes int8 1 x 490, gives int8 1 x 12": for one line of a property file.
std::string InAndOut(const Interface& interface) {
  const auto words = [](const std::vector<ExportedTensor>& tensors) {
    std::string text;
    for (const ExportedTensor& tensor : tensors) {
      text += (text.empty() ? "" : " and ") + std::string(tensor.type_name()) + " " + tensor.ShapeText();
    }
    return text.empty() ? "nothing" : text;
  };
  return "Takes " + words(interface.inputs) + ", gives " + words(interface.outputs);
}

constexpr const char* kLicense = R"(MIT License

Copyright (c) 2026 The Thimble authors

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
)";

}  // namespace

std::string HeaderFolder(ExportKind kind) { return kind == ExportKind::kArduino ? "src" : "include"; }

std::map<std::string, std::string> PackageFiles(ExportKind kind, const Interface& interface,
                                                const PackageFacts& facts) {
  std::string make_sources = List(facts.sources, "  ", " \\\n");
  if (!make_sources.empty()) make_sources.resize(make_sources.size() - 3);
  const Values values = {
      {"name", interface.name},
      {"NAME", interface.upper()},
      {"model", facts.model_file},
      {"core", facts.core},
      {"io", InAndOut(interface)},
      {"ram", std::to_string(facts.ram_bytes)},
      {"ram_grouped", Grouped(facts.ram_bytes)},
      {"constants_grouped", Grouped(facts.constants_bytes)},
      {"macs", Grouped(facts.macs)},
      {"cpp_flags", kCppFlags},
      {"make_sources", make_sources + "\n"},
      {"cmake_sources", List(facts.sources, "    ")},
      {"example", ExampleProgram(interface)},
      {"app_main", ExampleProgram(interface, true)},
      {"sketch", ExampleSketch(interface)},
      {"precompiled",
       "Boards whose core is a Cortex-M0, M0+, M3, M4, M7 or M33 take the compiled library from `src/cortex-...`, if\n"
       "the export found a compiler for them. All others compile the sources, which need C++20: GCC 10 or newer with\n"
       "-std=gnu++20. The ESP32 core 3 and newer has that; elsewhere a file `platform.local.txt` beside the core's\n"
       "`platform.txt` with the line `compiler.cpp.extra_flags=-std=gnu++20` sets it.\n\n"
       "The figures above are those of the sources; the compiled libraries use other steps on cores with a DSP "
       "extension,\n"
       "and `" +
           interface.name + "_info` says what they take.\n"},
  };
  const UseOfKind& use = UseOf(kind);
  Files files;
  use.add(values, files);
  Values readme_values = values;
  readme_values["precompiled"] = values.find("precompiled")->second;
  files["README.md"] = Readme(use, interface, readme_values);
  files["LICENSE"] = kLicense;
  return files;
}

}  // namespace thimble::compiler
