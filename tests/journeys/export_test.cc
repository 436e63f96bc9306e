// `thimble export` as a person uses it: each export is built with the plain toolchain and its example's answers are
// those of the interpreter on this computer.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/journeys/command.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string Read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

struct ShellResult {
  int exit_code = -1;
  std::string output;  ///< standard output and error
};

ShellResult Shell(const std::string& command, const fs::path& folder) {
  const std::string whole = "cd '" + folder.string() + "' && { " + command + " ; } 2>&1";
  ShellResult result;
  std::FILE* const pipe = popen(whole.c_str(), "r");
  if (pipe == nullptr) return result;
  std::array<char, 4096> buffer;
  while (const size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) result.output.append(buffer.data(), count);
  const int status = pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

/// What a program around an export needs of a bare Cortex-M4F: vectors, FPU on, characters and the end by semihosting.
constexpr const char* kBoardCode = R"(
#include <stdint.h>
#include <sys/stat.h>
extern int main(void);
extern char end_of_data, stack_top;
static int Host(int operation, const void *argument) {
  register int r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
void _exit(int status) {
  const uint32_t block[2] = {0x20026, (uint32_t)status};
  for (;;) Host(0x20, block);
}
int _write(int file, const char *text, int count) {
  (void)file;
  for (int i = 0; i < count; ++i) Host(0x03, text + i);
  return count;
}
void *_sbrk(int bytes) {
  static char *next = &end_of_data;
  char *const here = next;
  next += bytes;
  return here;
}
int _read(int f, char *t, int n) { (void)f, (void)t, (void)n; return 0; }
int _close(int f) { (void)f; return -1; }
int _lseek(int f, int o, int w) { (void)f, (void)o, (void)w; return 0; }
int _fstat(int f, struct stat *s) { (void)f; s->st_mode = S_IFCHR; return 0; }
int _isatty(int f) { (void)f; return 1; }
int _kill(int p, int s) { (void)p, (void)s; return -1; }
int _getpid(void) { return 1; }
void Reset(void) {
  *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
  __asm__ volatile("dsb\nisb");
  _exit(main());
}
void Fault(void) { _exit(99); }
__attribute__((section(".vectors"), used)) const void *const kVectors[16] = {
    &stack_top, (void *)Reset, (void *)Fault, (void *)Fault, (void *)Fault, (void *)Fault, (void *)Fault};
)";

constexpr const char* kBoardMemory = R"(
MEMORY { FLASH (rx) : ORIGIN = 0, LENGTH = 4M  RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 4M }
SECTIONS {
  .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) } > FLASH
  .ARM.exidx : { *(.ARM.exidx*) } > FLASH
  .data : { *(.data*) } > RAM
  .bss : { *(.bss*) *(COMMON) } > RAM
  end_of_data = ALIGN(8);
  stack_top = ORIGIN(RAM) + LENGTH(RAM);
}
)";

constexpr const char* kCpu = "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard";
constexpr const char* kBoardLink =
    "--specs=nano.specs -u _printf_float -nostartfiles -T board.ld -Wl,--gc-sections -Wl,--no-warn-rwx-segments";
// QEMU loads .data where it is wanted, so nobody has to copy it; and fresh memory is zeros.
constexpr const char* kQemu =
    "timeout 60 qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none "
    "-semihosting-config enable=on,target=native -kernel ";

/// The little of Arduino that examples take, with the macros that its cores and their friends have.
constexpr const char* kArduinoHeader = R"(
#pragma once
#include <stdint.h>
#include <stdio.h>
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define abs(x) ((x) > 0 ? (x) : -(x))
#define round(x) ((x) >= 0 ? (long)((x) + 0.5) : (long)((x) - 0.5))
#define F(text) (text)
#define B0 0
#define LED_BUILTIN 13
#define OUTPUT 1
struct SerialPort {
  void begin(long) {}
  void print(const char *text) { printf("%s", text); }
  void print(int number) { printf("%d", number); }
  void println(const char *text) { printf("%s\n", text); }
  void println(unsigned long number) { printf("%lu\n", number); }
  void println(double number, int digits) { printf("%.*f\n", digits, number); }
};
extern SerialPort Serial;
void analogWrite(int pin, int value);
inline void pinMode(int, int) {}
inline void delay(unsigned long) {}
inline unsigned long micros() { return 0; }
)";

constexpr const char* kArduinoMain = R"(
#include <Arduino.h>
SerialPort Serial;
void setup();
void loop();
void analogWrite(int pin, int value) {
  if (pin != LED_BUILTIN || value < 0 || value > 255) printf("wrong brightness %d\n", value);
}
int main() {
  setup();
  for (int i = 0; i < LOOPS; ++i) loop();
}
)";

class Export : public testing::Test {
 protected:
  void SetUp() override {
    if (SharedFolder().empty()) GTEST_SKIP() << "no golden models: set THIMBLE_SHARED";
  }

  static std::string Model(const std::string& name) {
    return (SharedFolder() / "golden" / "models" / name / "model.tflite").string();
  }
  CommandResult Thimble(const std::vector<std::string>& arguments, int interrupt_after_ms = 0) const {
    return RunThimble(arguments, folder_.path(), interrupt_after_ms);
  }
  void MakeExport(const std::string& kind, const std::string& model, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"export", kind, model, "--out", "made", "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CommandResult result = Thimble(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  fs::path made() const { return folder_.path() / "made"; }

  /// Expects success and gives what it said.
  std::string Succeed(const std::string& command, const fs::path& folder) const {
    const ShellResult result = Shell(command, folder);
    EXPECT_EQ(result.exit_code, 0) << command << "\n" << result.output;
    return result.output;
  }

  /// The real values of the only output for a stored input, by the interpreter.
  std::vector<double> Answers(const std::string& model, const std::string& input) const {
    Write(folder_.path() / "input.bin", input);
    const CommandResult result = Thimble({"run", model, "--input", "input.bin", "--json"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const json output = json::parse(result.out)["outputs"][0];
    return output.contains("real") ? output["real"] : output["values"];
  }

  /// What hello_int8 or its like answers at x, the nearest stored value of which it is given.
  double Curve(const std::string& model, float x, float scale) const {
    const auto stored = static_cast<int>(std::lround(x / scale)) - 128;
    return Answers(model, std::string(1, static_cast<char>(stored)))[0];
  }

  /// Lines "x y" of the example of hello_int8.
  void ExpectCurve(const std::string& output) const {
    std::istringstream lines(output);
    int count = 0;
    for (float x = 0, y = 0; lines >> x >> y; ++count) {
      const float exact = 6.24243F * static_cast<float>(count) / 20.0F;  // half of them lie between two stored values
      EXPECT_NEAR(x, exact, 1e-4);
      EXPECT_NEAR(y, Curve(Model("hello_int8"), exact, 0.0244801156F), 1e-4) << "x = " << x;
    }
    EXPECT_EQ(count, 21) << output;
  }

  /// Lines "index value [label]" of the example of kws_dscnn_int8, whose input is a ramp.
  void ExpectKeywords(const std::string& output, const std::string& label = "") const {
    std::string ramp;
    for (int i = 0; i < 490; ++i) ramp += static_cast<char>(i % 256 - 128);
    const std::vector<double> answers = Answers(Model("kws_dscnn_int8"), ramp);
    std::istringstream lines(output);
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line, "output 0:");
    size_t index = 0, count = 0;
    for (double value = 0; lines >> index >> value && count < answers.size(); ++count) {
      EXPECT_EQ(index, count);
      EXPECT_NEAR(value, answers[count], 1e-6);
      std::getline(lines, line);
      EXPECT_EQ(line, label.empty() ? "" : " " + label + std::to_string(count));
    }
    EXPECT_EQ(count, answers.size()) << output;
  }

  TemporaryFolder folder_;
};

TEST_F(Export, CRunsHereWithTheInterpretersAnswers) {
  std::string labels;
  for (int i = 0; i < 12; ++i) labels += "word \"" + std::to_string(i) + "\n";
  Write(folder_.path() / "labels.txt", labels);
  ASSERT_NO_FATAL_FAILURE(MakeExport("c", Model("kws_dscnn_int8"), {"--labels", "labels.txt", "--name", "words"}));
  const std::string built = Succeed("make -s -j2 OPTIMISE=-O1 build/example", made());
  EXPECT_EQ(built, "") << "no warnings";
  ExpectKeywords(Succeed("build/example", made()), "word \"");
}

TEST_F(Export, CConvertsFloatsAsTheInterpreterStoresThem) {
  ASSERT_NO_FATAL_FAILURE(MakeExport("c", Model("hello_int8"), {"--name", "sine"}));
  Write(made() / "probe.c", R"(
#include <stdio.h>
#include "include/sine.h"
int main(void) {
  for (int stored = -128; stored < 128; stored += 15) {
    const struct sine_tensor *in = &sine_info.inputs[0];
    const float x = in->scale * (float)(stored - in->zero_point);
    const float aside[] = {x, x + 0.49f * in->scale, x - 0.49f * in->scale};
    for (int i = 0; i < 3; ++i) {
      float y = 0;
      if (!sine_run(&aside[i], &y)) return 1;
      printf("%d %.9g\n", stored, (double)y);
    }
    sine_input(0)[0] = (int8_t)stored;
    if (!sine_invoke()) return 1;
    const struct sine_tensor *out = &sine_info.outputs[0];
    printf("%d %.9g\n", stored, (double)(out->scale * (float)(sine_output(0)[0] - out->zero_point)));
  }
  const float far[] = {-1e30f, 1e30f};
  float y = 0;
  for (int i = 0; i < 2; ++i) {
    if (!sine_run(&far[i], &y)) return 1;
    printf("%d %.9g\n", i == 0 ? -128 : 127, (double)y);
  }
  return sine_input(1) != NULL || sine_output(-1) != NULL || SINE_INPUT_LENGTH != 1 || sine_info.labels != NULL;
}
)");
  EXPECT_EQ(Succeed("make -s -j2 OPTIMISE=-O1 lib && gcc -std=c99 -pedantic -Wall -Wextra -Werror -o probe probe.c "
                    "build/libsine.a",
                    made()),
            "");
  std::istringstream lines(Succeed("./probe", made()));
  int count = 0, stored = 0;
  for (double y = 0; lines >> stored >> y; ++count) {
    EXPECT_NEAR(y, Answers(Model("hello_int8"), std::string(1, static_cast<char>(stored)))[0], 1e-6) << stored;
  }
  EXPECT_EQ(count, 18 * 4 + 2);
}

TEST_F(Export, CRunsOnACortexM4) {
  ASSERT_NO_FATAL_FAILURE(MakeExport("c", Model("kws_dscnn_int8")));
  Write(made() / "board.c", kBoardCode);
  Write(made() / "board.ld", kBoardMemory);
  const std::string cpu = std::string("CPU='") + kCpu + "'";
  Succeed("make -s -j2 lib CROSS_COMPILE=arm-none-eabi- " + cpu, made());
  Succeed(std::string("arm-none-eabi-gcc ") + kCpu + " -O1 -Iinclude board.c example/main.c build/*.a -o p.elf " +
              kBoardLink + " -lm",
          made());
  ExpectKeywords(Succeed(std::string(kQemu) + "p.elf", made()));
}

// The first keeps its memory in tensors, which do not begin as zeros, the second in variables that a subgraph sets.
TEST_F(Export, NetworksWithMemoryRememberAndForget) {
  Succeed("tar -xJf '" + (SharedFolder() / "golden" / "tflite-models.tar.xz").string() +
              "' tflite-models/m_ac718e4b27.tflite tflite-models/m_7aa4db6d5f.tflite",
          folder_.path());
  for (const std::string model : {"tflite-models/m_ac718e4b27.tflite", "tflite-models/m_7aa4db6d5f.tflite"}) {
    fs::remove_all(made());
    ASSERT_NO_FATAL_FAILURE(MakeExport("c", model, {"--name", "net"}));
    Write(made() / "probe.c", R"(
#include <stdio.h>
#include "net.h"
static long Answers(void) {
  long sum = 0;
  for (int run = 0; run < 20; ++run) {
    for (int i = 0; i < NET_INPUT_LENGTH; ++i) net_input(0)[i] = (i * 7 + run * 31) % 256 - 128;
    if (!net_invoke()) return -1;
    for (int i = 0; i < NET_OUTPUT_LENGTH; ++i) sum = sum * 31 % 1000003 + net_output(0)[i];
    for (int i = 0; run == 0 && i < NET_OUTPUT_LENGTH; ++i) printf("%ld ", (long)net_output(0)[i]);
  }
  return sum;
}
int main(void) {
  const long fresh = Answers();
  printf("\n");
  const long later = Answers();
  printf("\n");
  net_reset();
  const long again = Answers();
  printf("\n%s %s\n", later != fresh ? "remembers" : "the same", again == fresh ? "forgets" : "still knows");
  return 0;
}
)");
    EXPECT_EQ(
        Succeed("make -s -j2 OPTIMISE=-O0 lib && gcc -std=c99 -Iinclude probe.c build/libnet.a -o probe -lm", made()),
        "");
    std::string input;
    const std::string header = Read(made() / "include" / "net.h");
    const int length = std::stoi(header.substr(header.find("INPUT_LENGTH = ") + 15));
    for (int i = 0; i < length; ++i) input += static_cast<char>(i * 7 % 256 - 128);
    Write(folder_.path() / "input.bin", input);
    const CommandResult run = Thimble({"run", model, "--input", "input.bin", "--json"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const json output = json::parse(run.out)["outputs"][0];
    std::string first;
    for (const int value : output["values"]) first += std::to_string(value) + " ";
    const std::string answers = Succeed("./probe", made());
    EXPECT_TRUE(answers.starts_with(first + "\n")) << model << "\n" << first << "\n" << answers;
    EXPECT_NE(answers.find("\n" + first + "\nremembers forgets\n"), std::string::npos) << model << "\n" << answers;
  }
}

TEST_F(Export, NetworksOfFloatsCompileAndRun) {
  ASSERT_NO_FATAL_FAILURE(MakeExport("c", Model("hello_float")));
  EXPECT_EQ(Succeed("make -s -j2 OPTIMISE=-O0 build/example", made()), "");
  std::istringstream lines(Succeed("build/example", made()));
  int count = 0;
  for (float x = 0, y = 0; lines >> x >> y; ++count) {
    EXPECT_NEAR(x, count / 20.0, 1e-4);
    const float exact = static_cast<float>(count) / 20.0F;
    EXPECT_NEAR(y, Answers(Model("hello_float"), std::string(reinterpret_cast<const char*>(&exact), sizeof exact))[0],
                1e-4);
  }
  EXPECT_EQ(count, 21);
}

TEST_F(Export, CmakeIsBuiltInstalledAndFound) {
  ASSERT_NO_FATAL_FAILURE(MakeExport("cmake", Model("hello_int8")));
  Succeed("cmake -G Ninja -B build -DCMAKE_INSTALL_PREFIX=$PWD/there && ninja -C build && ninja -C build install",
          made());
  ExpectCurve(Succeed("build/example", made()));
  const fs::path user = folder_.path() / "user";
  fs::create_directories(user);
  fs::copy(made() / "example" / "main.c", user / "main.c");
  Write(user / "CMakeLists.txt",
        "cmake_minimum_required(VERSION 3.16)\nproject(user C)\nadd_executable(user main.c)\n"
        "if(AS_SUBDIRECTORY)\n  add_subdirectory(../made hello)\nelse()\n  find_package(hello_int8 REQUIRED)\nendif()\n"
        "target_link_libraries(user PRIVATE hello_int8::hello_int8)\n");
  Succeed("cmake -G Ninja -B build -DCMAKE_PREFIX_PATH=$PWD/../made/there && ninja -C build", user);
  ExpectCurve(Succeed("build/user", user));
  Succeed("cmake -G Ninja -B sub -DAS_SUBDIRECTORY=ON && ninja -C sub", user);
  ExpectCurve(Succeed("sub/user", user));
}

// The functions that a module is written with, as far as a module uses them; sources are built for this computer.
TEST_F(Export, ZephyrFindsTheModuleItsSourcesAndItsSetting) {
  ASSERT_NO_FATAL_FAILURE(MakeExport("zephyr", Model("hello_int8")));
  Write(folder_.path() / "zephyr" / "ZephyrConfig.cmake", R"(
project(stub C CXX ASM)
set(CMAKE_CXX_STANDARD 11)
file(STRINGS ${CMAKE_SOURCE_DIR}/prj.conf settings REGEX "^CONFIG_")
if("CONFIG_STD_CPP20=y" IN_LIST settings)
  set(CMAKE_CXX_STANDARD 20)
endif()
add_executable(app)
add_library(interface INTERFACE)
target_link_libraries(app PRIVATE interface)
function(zephyr_include_directories)
  foreach(folder ${ARGN})
    target_include_directories(interface INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
  endforeach()
endfunction()
macro(zephyr_library_named name)
  set(current ${name})
  add_library(${name} STATIC)
  target_link_libraries(app PRIVATE ${name})
endmacro()
macro(zephyr_library_sources)
  target_sources(${current} PRIVATE ${ARGN})
endmacro()
macro(zephyr_library_compile_options)
  target_compile_options(${current} PRIVATE ${ARGN})
endmacro()
foreach(module ${ZEPHYR_EXTRA_MODULES})
  file(READ ${module}/zephyr/module.yml description)
  if(NOT description MATCHES "cmake: \\.\n" OR NOT description MATCHES "kconfig: zephyr/Kconfig\n")
    message(FATAL_ERROR "module.yml: ${description}")
  endif()
  file(READ ${module}/zephyr/Kconfig known)
  foreach(setting ${settings})
    string(REGEX REPLACE "^CONFIG_([A-Z0-9_]+)=.*$" "\\1" symbol "${setting}")
    if(known MATCHES "config ${symbol}\n")
      set(CONFIG_${symbol} y)
    endif()
  endforeach()
  add_subdirectory(${module} ${CMAKE_BINARY_DIR}/module)
endforeach()
)");
  const std::string environment = "ZEPHYR_BASE=" + (folder_.path() / "zephyr").string() + " ";
  Succeed(environment + "cmake -G Ninja -B build samples/hello && ninja -C build", made());
  ExpectCurve(Succeed("build/app", made()));
}

TEST_F(Export, EspIdfFindsTheComponentAndItsSources) {
  ASSERT_NO_FATAL_FAILURE(MakeExport("esp-idf", Model("hello_int8")));
  Write(folder_.path() / "idf" / "tools" / "cmake" / "project.cmake", R"(
function(idf_component_register)
  cmake_parse_arguments(PART "" "" "SRCS;INCLUDE_DIRS" ${ARGN})
  get_filename_component(name ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  add_library(${name} STATIC ${PART_SRCS})
  target_include_directories(${name} PUBLIC ${PART_INCLUDE_DIRS})
  set(COMPONENT_LIB ${name} PARENT_SCOPE)
endfunction()
macro(project name)
  _project(${name} C CXX ASM)
  file(WRITE ${CMAKE_BINARY_DIR}/start.c "void app_main(void);\nint main(void) { app_main(); return 0; }\n")
  add_executable(${name} ${CMAKE_BINARY_DIR}/start.c)
  foreach(component ${EXTRA_COMPONENT_DIRS} ${CMAKE_SOURCE_DIR}/main)
    get_filename_component(component ${component} ABSOLUTE)
    get_filename_component(part ${component} NAME)
    add_subdirectory(${component} ${CMAKE_BINARY_DIR}/${part})
  endforeach()
  target_link_libraries(main PRIVATE made)
  target_link_libraries(${name} PRIVATE main)
endmacro()
)");
  Succeed("IDF_PATH=" + (folder_.path() / "idf").string() + " cmake -G Ninja -B build examples/hello && ninja -C build",
          made());
  ExpectCurve(Succeed("build/hello_int8_hello", made()));
}

TEST_F(Export, PlatformioHasTheFlagsThatItsSourcesNeed) {
  ASSERT_NO_FATAL_FAILURE(MakeExport("platformio", Model("hello_int8")));
  const json library = json::parse(Read(made() / "library.json"));
  std::string flags;
  for (const std::string flag : library["build"]["flags"]) flags += flag + " ";
  const std::string sources = library["build"]["srcDir"], headers = library["build"]["includeDir"];
  const std::string include = "-I" + headers;
  Succeed("for f in $(find " + sources + " -name '*.cc' -o -name '*.S'); do g++ " + flags + include +
              " -Wall -Wextra -Werror -c $f -o $f.o || exit 1; done; gcc " + include +
              " examples/HelloWorld/src/main.c $(find src -name '*.o') -o example",
          made());
  ExpectCurve(Succeed("./example", made()));
  // The sketch is the other environment's: with Arduino's header before it.
  Write(made() / "Arduino.h", kArduinoHeader);
  Succeed("g++ -std=gnu++17 -Wall -Wextra -Werror -fsyntax-only -I. " + include + " examples/HelloWorld/src/sketch.cpp",
          made());
}

/// Builds a sketch as Arduino's tools do for a board of which `mcu_folder` is the name, and runs it.
class ArduinoLibrary : public Export {
 protected:
  void WriteCore() const {
    Write(made() / "core" / "Arduino.h", kArduinoHeader);
    Write(made() / "core" / "main.cpp", kArduinoMain);
    Write(made() / "core" / "board.c", kBoardCode);
    Write(made() / "board.ld", kBoardMemory);
    // Tools turn a sketch into C++ with this line; its second tab includes the library as well.
    Write(made() / "core" / "sketch.cpp",
          "#include <Arduino.h>\n" + Read(made() / "examples" / "HelloWorld" / "HelloWorld.ino"));
    Write(made() / "core" / "tab.cpp", "#include <Arduino.h>\n#include <sine.h>\nvoid Tab() { sine_reset(); }\n");
  }
  /// The sketch begins anew after 100 points; some of them are compared.
  void ExpectSine(const std::string& model, const std::string& output, float high, float scale) const {
    std::istringstream lines(output);
    int count = 0;
    for (double y = 0; lines >> y; ++count) {
      if (count % 7 != 0) continue;
      const float x = high * static_cast<float>(count % 100) / 100.0F;
      EXPECT_NEAR(y, Curve(model, x, scale), 1e-4) << count;
    }
    EXPECT_EQ(count, 150) << output;
  }
  static constexpr const char* kStrict = " -Icore -Isrc -Wall -Wextra -Werror -DLOOPS=150 ";
};

TEST_F(ArduinoLibrary, DrawsASineOnACortexM4FromItsCompiledLibraryWithAnOldCompiler) {
  ASSERT_NO_FATAL_FAILURE(MakeExport("arduino", Model("hello_int8"), {"--name", "sine"}));
  WriteCore();
  // gnu++11: what Arduino's core for SAMD boards sets.
  Succeed(std::string("arm-none-eabi-g++ -std=gnu++11 -O1 -fno-exceptions -fno-rtti ") + kCpu + kStrict +
              "-c core/main.cpp core/sketch.cpp core/tab.cpp && arm-none-eabi-gcc " + kCpu +
              " -O1 core/board.c main.o sketch.o tab.o -Lsrc/cortex-m4/fpv4-sp-d16-hard -lsine -lm -o p.elf " +
              kBoardLink,
          made());
  ExpectSine(Model("hello_int8"), Succeed(std::string(kQemu) + "p.elf", made()), 6.24243F, 0.0244801156F);
  // A library is there for each of the usual cores, made for it, and wants nothing that a core may lack.
  const std::map<std::string, std::string> cores = {
      {"cortex-m0", "v6S-M"},
      {"cortex-m0plus", "v6S-M"},
      {"cortex-m3", "v7"},
      {"cortex-m4/fpv4-sp-d16-softfp", "v7E-M"},
      {"cortex-m7/fpv5-d16-hard", "v7E-M"},
      {"cortex-m33/fpv5-sp-d16-hard", "v8-M.mainline"},
  };
  for (const auto& [core, architecture] : cores) {
    const std::string library = "src/" + core + "/libsine.a";
    const std::string attributes = Succeed("arm-none-eabi-readelf -A " + library, made());
    EXPECT_NE(attributes.find("Tag_CPU_arch: " + architecture + "\n"), std::string::npos) << core << attributes;
    EXPECT_EQ(attributes.find("Tag_ABI_VFP_args") != std::string::npos, core.ends_with("-hard")) << core;
    const std::string wanted = Succeed("arm-none-eabi-nm " + library +
                                           " | awk '$2 ~ /[A-TV-Z]/ {has[$3] = 1} $1 == \"U\" {want[$2] = 1} END "
                                           "{for (w in want) if (!(w in has)) print w}' | grep -Ev "
                                           "'^(memcpy|memset|memmove|__(aeabi|gnu)_.*|__[a-z]+[sd]i[0-9])$' || true",
                                       made());
    EXPECT_EQ(wanted, "") << core;
    EXPECT_EQ(Succeed("strings -a " + library + " | grep -F /tmp/ || true", made()), "") << core;
  }
  // Tools of boards with an FPU would take a library beside these folders for one of theirs.
  EXPECT_FALSE(fs::exists(made() / "src" / "cortex-m4" / "libsine.a"));
}

TEST_F(ArduinoLibrary, ThatHelloMadeDrawsASineFromItsSources) {
  const CommandResult hello = Thimble({"hello", "--quiet", "--out", "hello"});
  ASSERT_EQ(hello.exit_code, 0) << hello.err;
  ASSERT_NO_FATAL_FAILURE(MakeExport("arduino", "hello/model.tflite"));
  ASSERT_TRUE(fs::exists(made() / "src" / "sine.h")) << "named for the impulse";
  WriteCore();
  const std::string sources = "$(find src -name '*.cpp' -o -name '*.S') ";
  Succeed(std::string("g++ -std=gnu++20 -O1") + kStrict + sources + "core/*.cpp -o sketch", made());
  const std::string sketch = Read(made() / "examples" / "HelloWorld" / "HelloWorld.ino");
  float low = -1, high = -1, scale = 0;
  ASSERT_EQ(
      std::sscanf(sketch.c_str() + sketch.find("const float kLow"), "const float kLow = %ff, kHigh = %ff", &low, &high),
      2);
  const std::string source = Read(made() / "src" / "sine.cpp");
  ASSERT_EQ(std::sscanf(source.c_str() + source.find("{1, 1}"), "{1, 1}, %ff", &scale), 1);
  ExpectSine((folder_.path() / "hello" / "model.tflite").string(), Succeed("./sketch", made()), high, scale);

  // Older compilers say one sentence for each source, and nothing of what else they do not know.
  const ShellResult old = Shell("g++ -std=gnu++17 -Isrc -c src/sine.cpp -o old.o", made());
  EXPECT_NE(old.exit_code, 0);
  EXPECT_NE(old.output.find("sine is written in C++20: compile it with"), std::string::npos) << old.output;
  size_t errors = 0;
  for (size_t at = old.output.find("error:"); at != std::string::npos; at = old.output.find("error:", at + 1)) ++errors;
  EXPECT_EQ(errors, 1u) << old.output;

  const std::string properties = Read(made() / "library.properties");
  for (const char* line : {"name=sine\n", "precompiled=full\n", "architectures=*\n", "includes=sine.h\n",
                           "category=Data Processing\n", "dot_a_linkage=true\n"}) {
    EXPECT_NE(properties.find(line), std::string::npos) << line;
  }
  EXPECT_NE(Read(made() / "keywords.txt").find("sine_run\tKEYWORD2\n"), std::string::npos);
}

TEST_F(Export, EachHasAReadmeTheLicenceAndNothingThatIsForUsOnly) {
  for (const char* kind : {"c", "platformio", "cmake", "zephyr", "esp-idf"}) {
    fs::remove_all(made());
    ASSERT_NO_FATAL_FAILURE(MakeExport(kind, Model("kws_dscnn_int8")));
    const std::string readme = Read(made() / "README.md");
    for (const char* word : {"1 x 49 x 10 x 1", "kws_dscnn_int8_run", "RAM, exactly", "multiply-accumulates"}) {
      EXPECT_NE(readme.find(word), std::string::npos) << kind << ": " << word;
    }
    EXPECT_EQ(readme.find('@'), std::string::npos) << kind << ": every hole is filled";
    const auto words = [](const std::string& text) {
      std::istringstream stream(text);
      return std::vector<std::string>(std::istream_iterator<std::string>(stream), {});
    };
    EXPECT_EQ(words(Read(made() / "LICENSE")), words(Read(fs::path(THIMBLE_SOURCE_DIR) / "LICENSE"))) << kind;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(made())) {
      const std::string name = entry.path().filename().string();
      EXPECT_FALSE(name.find("_test") != std::string::npos || name.starts_with("pack.") || name == "planner.cc" ||
                   name == "model.cc")
          << entry.path();
    }
  }
}

TEST_F(Export, TheSameModelGivesTheSameBytes) {
  ASSERT_NO_FATAL_FAILURE(MakeExport("c", Model("kws_dscnn_int8")));
  fs::rename(made(), folder_.path() / "first");
  ASSERT_NO_FATAL_FAILURE(MakeExport("c", Model("kws_dscnn_int8")));
  EXPECT_EQ(Succeed("diff -r first made", folder_.path()), "");
}

TEST_F(Export, ReplacesAnEarlierExportAndLeavesTheRestAlone) {
  ASSERT_NO_FATAL_FAILURE(MakeExport("c", Model("kws_dscnn_int8"), {"--name", "first"}));
  Write(made() / "notes.txt", "mine");
  ASSERT_NO_FATAL_FAILURE(MakeExport("c", Model("hello_int8"), {"--name", "second"}));
  EXPECT_FALSE(fs::exists(made() / "src" / "first.cc"));
  EXPECT_TRUE(fs::exists(made() / "src" / "second.cc"));
  EXPECT_EQ(Read(made() / "notes.txt"), "mine");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1) << "only made";

  // Sources that are somebody else's stay what they are.
  Write(folder_.path() / "theirs" / "src" / "main.c", "theirs");
  const CommandResult refused = Thimble({"export", "c", Model("hello_int8"), "--out", "theirs"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("theirs/src: is there already"), std::string::npos) << refused.err;
  EXPECT_EQ(Read(folder_.path() / "theirs" / "src" / "main.c"), "theirs");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path() / "theirs"), fs::directory_iterator()), 1);
}

TEST_F(Export, RefusesWhatIsWrongWithASentenceAndLeavesNothingBehind) {
  const std::string model = Model("hello_int8");
  Write(folder_.path() / "text.txt", "no model\n");
  const auto refused = [&](const std::vector<std::string>& arguments, int exit_code, const std::string& sentence) {
    std::vector<std::string> all = {"export"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const CommandResult result = Thimble(all);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_NE(result.err.find(sentence), std::string::npos) << result.err;
  };
  refused({"c", "none.tflite", "--out", "o"}, 3, "none.tflite: no such file");
  refused({"c", "text.txt", "--out", "o"}, 5, "is not a .tflite");
  refused({"mbed", model, "--out", "o"}, 2, "there are c, arduino, platformio, cmake, zephyr, esp-idf");
  refused({"c", model}, 2, "--out");
  refused({"c", model, "--out", "text.txt"}, 2, "text.txt: is a file");
  refused({"c", model, "--out", "/proc/none/o"}, 1, "cannot write here");
  refused({"c", model, "--out", "o", "--name", "2 fast"}, 2, "cannot be a name");
  refused({"c", model, "--out", "o", "--target", "z80"}, 2, "z80: no steps are made for this core");
  refused({"c", model, "--out", "o", "--labels", "none.txt"}, 3, "none.txt: no such file");
  refused({"c", Model("kws_dscnn_int8"), "--out", "o", "--labels", "text.txt"}, 2,
          "1 labels, but the network gives 12");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1) << "only text.txt";
}

TEST_F(Export, CtrlCStopsItCleanly) {
  const CommandResult result = Thimble({"export", "arduino", Model("kws_dscnn_int8"), "--out", "o", "-q"}, 1000);
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_NE(result.err.find("stopped"), std::string::npos) << result.err;
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(Export, ALinuxProgramHoldsTheWholeImpulse) {
  const fs::path sine = folder_.path() / "sine";
  const std::string model = Read(Model("hello_int8"));
  Write(sine / "model.tflite", model);
  Write(sine / "impulse.json", R"({"format": "thimble-impulse", "version": 1, "name": "my sine",
    "input": {"axes": [{"name": "x"}], "rate_hz": 1, "window_readings": 1, "stride_readings": 1},
    "block": {"type": "raw"}, "learn": {"type": "regressor", "model": "model.tflite"}})");
  const CommandResult result = Thimble({"export", "eim", "sine", "--out", "sine.eim", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json told = json::parse(result.out);
  EXPECT_EQ(told["bytes"], fs::file_size(folder_.path() / "sine.eim"));
  EXPECT_EQ(told["model_bytes"], model.size());
  EXPECT_NE(Succeed("./sine.eim --help", folder_.path()).find("my sine, version 1"), std::string::npos);
  // By the name of a file in the folder it is the same, and a folder gets a file of the impulse's name.
  for (const char* file : {"sine/impulse.json", "sine/model.tflite"}) {
    ASSERT_EQ(Thimble({"export", "eim", file, "--out", ".", "-q"}).exit_code, 0);
    EXPECT_EQ(Succeed("cmp sine.eim my_sine.eim && rm my_sine.eim", folder_.path()), "");
  }
  const auto refused = [&](const std::vector<std::string>& arguments, int exit_code, const std::string& sentence) {
    const CommandResult no = Thimble(arguments);
    EXPECT_EQ(no.exit_code, exit_code) << no.err;
    EXPECT_NE(no.err.find(sentence), std::string::npos) << no.err;
  };
  refused({"export", "eim", "none", "--out", "o"}, 3, "impulse.json: no such file; name the folder");
  refused({"export", "eim", "sine", "--out", "o", "--target", "z80"}, 2, "leave out");
  Write(sine / "model.tflite", model.substr(0, model.size() / 2));
  refused({"export", "eim", "sine", "--out", "o"}, 5, "model.tflite");
  EXPECT_FALSE(fs::exists(folder_.path() / "o"));
}

TEST_F(Export, HelpFitsAScreenAndNamesEveryKind) {
  const CommandResult help = Thimble({"export", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_LE(std::count(help.out.begin(), help.out.end(), '\n'), 45);
  for (const char* kind : {"arduino", "platformio", "cmake", "zephyr", "esp-idf", "eim"}) {
    EXPECT_NE(help.out.find(kind), std::string::npos) << kind;
  }
}

}  // namespace
}  // namespace thimble::journeys
