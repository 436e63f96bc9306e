// `thimble board run`: firmware on a virtual board, with everything that one would want to see of it.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/hexadecimal.h"
#include "bridge/flash/flash_file.h"
#include "cli/board_name.h"
#include "cli/commands.h"
#include "cli/firmware_image.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "simulator/cortex_m4/encodings.h"
#include "simulator/fault_text.h"
#include "simulator/kit_link.h"
#include "simulator/kit_session.h"
#include "simulator/qemu.h"

namespace thimble::cli {
namespace {

using simulator::Kit;
using simulator::Program;
using simulator::Registers;
using simulator::SessionEnd;
using simulator::SessionResult;

constexpr double kNsPerSecond = 1e9;
constexpr const char* kVirtualBoard = "az3166";

/// "A@1.5" or "B@0.2:1": which button, at which second, held for how many.
Expected<simulator::ButtonPress> ParsePress(const std::string& text) {
  const Error wrong{Status::kInvalidArgument,
                    "--press " + Printable(text) +
                        ": give the button, the second, and how long if it is not 0.2 s: A@1.5 or B@2:0.5"};
  if (text.size() < 3 || (text[0] != 'A' && text[0] != 'B') || text[1] != '@') return wrong;
  simulator::ButtonPress press{.button = text[0] == 'A' ? simulator::Button::kA : simulator::Button::kB};
  double at = 0, length = 0.2;
  const char* const end = text.data() + text.size();
  auto [next, error] = std::from_chars(text.data() + 2, end, at);
  if (error != std::errc{}) return wrong;
  if (next != end) {
    if (*next != ':') return wrong;
    const auto [last, length_error] = std::from_chars(next + 1, end, length);
    if (length_error != std::errc{} || last != end) return wrong;
  }
  constexpr double kMostSeconds = 1e6;
  if (!(at >= 0 && at <= kMostSeconds && length > 0 && length <= kMostSeconds)) return wrong;
  press.at_ns = static_cast<uint64_t>(at * kNsPerSecond);
  press.for_ns = static_cast<uint64_t>(length * kNsPerSecond);
  return press;
}

/// One line for each instruction: cycle, address, code, what it is, where it is, and the registers that the one before
/// it changed.
class Trace {
 public:
  Trace(std::FILE* file, Kit& kit, const Program& program) : file_(file), kit_(kit), program_(program) {}

  void operator()(const Registers& registers) {
    std::string changes;
    char text[48];
    if (!first_) {
      for (size_t i = 0; i < simulator::kPc; ++i) {
        if (registers.r[i] == before_.r[i]) continue;
        std::snprintf(text, sizeof text, " r%zu=%08x", i, registers.r[i]);
        changes += text;
      }
      if (registers.Apsr() != before_.Apsr()) {
        std::snprintf(text, sizeof text, " apsr=%08x", registers.Apsr());
        changes += text;
      }
      for (size_t i = 0; i < 32; ++i) {
        if (registers.s[i] == before_.s[i]) continue;
        std::snprintf(text, sizeof text, " s%zu=%08x", i, registers.s[i]);
        changes += text;
      }
      std::fprintf(file_, "%s\n", changes.c_str());
    }
    const uint32_t pc = registers.r[simulator::kPc];
    uint32_t first = 0, second = 0;
    const bool there = kit_.chip().Peek(pc, 2, first);
    const bool wide = there && simulator::IsWide(static_cast<uint16_t>(first)) && kit_.chip().Peek(pc + 2, 2, second);
    const uint32_t code = wide ? first << 16 | second : first;
    const simulator::Encoding* encoding = there ? simulator::FindEncoding(code, wide) : nullptr;
    std::snprintf(text, sizeof text, wide ? "%08x" : "    %04x", code);
    std::fprintf(file_, "%12llu  %08x  %s  %-14s %-32s", static_cast<unsigned long long>(registers.cycles), pc, text,
                 encoding != nullptr ? encoding->name : "?", program_.NameOf(pc).c_str());
    before_ = registers;
    first_ = false;
  }

 private:
  std::FILE* file_;
  Kit& kit_;
  const Program& program_;
  Registers before_ = {};
  bool first_ = true;
};

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

const char* EndName(SessionEnd end) {
  switch (end) {
    case SessionEnd::kTimeIsUp:
      return "time is up";
    case SessionEnd::kFault:
      return "fault";
    case SessionEnd::kLockup:
      return "lockup";
    case SessionEnd::kPowerLost:
      return "power lost";
    case SessionEnd::kCancelled:
      return "cancelled";
    case SessionEnd::kKilledByDebugger:
      return "ended by the debugger";
  }
  return "";
}

/// Boards that QEMU has: a program and its serial line.
Outcome RunInQemu(const BoardRunOptions& options) {
  const bool more = !options.motion.empty() || !options.screen.empty() || !options.presses.empty() || options.show ||
                    !options.trace.empty() || options.gdb_port >= 0 || options.common.json;
  if (more || !(options.serial.empty() || options.serial == "-")) {
    return {Status::kUnsupported, options.board +
                                      ": QEMU runs this board, which has a serial line here and nothing else; "
                                      "only --seconds goes with it"};
  }
  std::optional<FirmwareImage> image;
  std::filesystem::path file = options.firmware;
  if (std::error_code error; !std::filesystem::exists(file, error)) {
    THIMBLE_ASSIGN(FirmwareImage made, MakeFirmwareImage({options.firmware, options.impulse, options.board}));
    image.emplace(std::move(made));
    file = image->elf;
  }
  THIMBLE_EXPECT(simulator::LoadProgram(file, *firmware::FindBoard(options.board)));  // QEMU would run anything
  THIMBLE_ASSIGN(const std::unique_ptr<simulator::Qemu> qemu,
                 simulator::Qemu::Start({.elf = file, .board = options.board}));
  using Clock = std::chrono::steady_clock;
  const Clock::time_point began = Clock::now();
  std::array<std::byte, 4096> buffer;
  constexpr int kLookMs = 50;
  while (!Interrupted()) {
    if (options.seconds > 0 && std::chrono::duration<double>(Clock::now() - began).count() > options.seconds) break;
    THIMBLE_ASSIGN(const size_t count, qemu->Read(buffer, kLookMs));
    std::fwrite(buffer.data(), 1, count, stdout);
    std::fflush(stdout);
  }
  return Nothing{};
}

}  // namespace

Outcome BoardRunFirmware(const BoardRunOptions& options) {
  THIMBLE_ASSIGN(const firmware::Board* board, BoardOfName(options.board));
  if (std::string_view(board->name) != kVirtualBoard) {
    if (*board->qemu_machine != '\0') return RunInQemu(options);
    return {Status::kNotFound, options.board + ": there is no virtual board of that name, only " + kVirtualBoard +
                                   " and those that QEMU has"};
  }
  std::optional<FirmwareImage> image;
  std::string file = options.firmware;
  // What lies in the flash image is a program as well.
  std::optional<bridge::FlashFile> flash;
  if (std::error_code error; !options.flash_image.empty() && std::filesystem::exists(options.flash_image, error)) {
    THIMBLE_ASSIGN(flash, bridge::FlashFile::Load(options.flash_image));
  }
  if (file.empty() && !flash) {
    return {Status::kInvalidArgument,
            options.flash_image.empty()
                ? "what shall the board run? Give a program, or a --flash-image with one in it"
                : options.flash_image + ": no such flash image; thimble flash --virtual makes one"};
  }
  if (std::error_code error; !file.empty() && !std::filesystem::exists(file, error)) {
    THIMBLE_ASSIGN(FirmwareImage made, MakeFirmwareImage({file, options.impulse, options.board}));
    image.emplace(std::move(made));
    file = image->elf.string();
  }
  Program program;  // without one, faults have no names
  if (!file.empty()) {
    THIMBLE_ASSIGN(program, simulator::LoadKitProgram(file));
  } else {
    file = options.flash_image;
  }
  simulator::KitOptions kit_options;
  kit_options.chip.flash_timing = options.flash_timing;
  kit_options.chip.seed = options.seed;
  kit_options.motion_sensor.seed = options.seed;
  if (!options.motion.empty()) {
    THIMBLE_ASSIGN(kit_options.motion, simulator::ParseMotion(options.motion));
  }
  const Style err = StyleOf(stderr);
  const auto say = [&](const std::string& text) {
    if (!options.common.quiet) std::fprintf(stderr, "%s\n", err.Plain(text).c_str());
  };
  simulator::SessionOptions session;
  for (const std::string& text : options.presses) {
    THIMBLE_ASSIGN(const simulator::ButtonPress press, ParsePress(text));
    session.presses.push_back(press);
  }
  const std::string motion_text = kit_options.motion != nullptr ? kit_options.motion->Description() : "";
  std::vector<std::string> motion_notices;
  if (kit_options.motion != nullptr) motion_notices = kit_options.motion->Notices();

  Kit kit(std::move(kit_options));
  std::vector<std::string> notes;
  kit.on_note = [&](const std::string& sentence) {
    notes.push_back(sentence);
    say(err.Paint("note:", Tint::kYellow) + " " + Printable(sentence));
  };
  if (flash && !program.segments.empty()) flash->Program(program);
  if (flash) flash->PutInto(kit);
  if (!program.segments.empty()) simulator::Install(program, kit);
  kit.PowerOn();

  // With JSON, standard output is one object: what the board says goes elsewhere.
  const std::string serial_spec = !options.serial.empty() ? options.serial : options.common.json ? "none" : "-";
  if (serial_spec == "-" && options.common.json) {
    return {Status::kInvalidArgument, "--json and --serial - both want standard output; give --serial pty or tcp:PORT"};
  }
  THIMBLE_ASSIGN(const std::unique_ptr<simulator::SerialEnd> serial, simulator::OpenSerialEnd(serial_spec));
  session.serial = serial.get();
  std::unique_ptr<simulator::GdbServer> debugger;
  if (options.gdb_port >= 0) {
    THIMBLE_ASSIGN(debugger, simulator::GdbServer::Listen(kit.chip(), options.gdb_port));
    session.debugger = debugger.get();
    say("waiting for a debugger: gdb-multiarch " + Printable(file) +
        " -ex 'target remote :" + std::to_string(debugger->port()) + "'");
  }
  if (serial_spec != "-" && serial_spec != "none") say("serial line at " + serial->Describe() + ", 115200 baud");
  if (!motion_text.empty()) say("motion: " + Printable(motion_text));
  for (const std::string& notice : motion_notices) say(err.Paint("note:", Tint::kYellow) + " " + Printable(notice));

  std::unique_ptr<std::FILE, FileCloser> trace_file;
  std::unique_ptr<Trace> trace;
  if (!options.trace.empty()) {
    trace_file.reset(std::fopen(options.trace.c_str(), "w"));
    if (trace_file == nullptr) return {Status::kFailed, options.trace + ": cannot be written; is its folder there?"};
    trace = std::make_unique<Trace>(trace_file.get(), kit, program);
    session.trace = [&](const Registers& registers) { (*trace)(registers); };
  }
  if (options.seconds > 0) session.until_ns = static_cast<uint64_t>(options.seconds * kNsPerSecond);
  // Who talks with the board wants it at its own pace; who waits for the end does not.
  session.real_time = options.pace == "real" || (options.pace.empty() && options.seconds <= 0);
  session.stop_at_faults = !options.ignore_faults;
  session.cancelled = &InterruptFlag();

  const auto began = std::chrono::steady_clock::now();
  const SessionResult result = simulator::RunSession(kit, session);
  const double host_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (!options.flash_image.empty()) THIMBLE_EXPECT(bridge::FlashFile::Of(kit).Save(options.flash_image));
  if (trace_file != nullptr) std::fputc('\n', trace_file.get());

  const simulator::Panel face = kit.Face();
  if (!options.screen.empty()) {
    THIMBLE_EXPECT(simulator::WritePng(options.screen, simulator::PanelPicture(face)));
    say("the board's face is in " + Printable(options.screen));
  }
  if (options.show) {
    const simulator::TerminalStyle terminal =
        err.unicode ? simulator::TerminalStyle::kHalfBlocks : simulator::TerminalStyle::kAscii;
    std::fprintf(stderr, "%s", simulator::PanelText(face, terminal, err.colour).c_str());
  }

  const Registers& registers = kit.chip().core().registers();
  const double board_s = static_cast<double>(kit.chip().NowNs()) / kNsPerSecond;
  const double mips = host_s > 0 ? static_cast<double>(registers.instructions) / host_s / 1e6 : 0;
  const auto read = [&](uint32_t address, uint32_t& value) { return kit.chip().Peek(address, 4, value); };
  const bool failed = result.end == SessionEnd::kFault || result.end == SessionEnd::kLockup;
  if (options.cycles) {
    char text[160];
    std::snprintf(text, sizeof text, "%s cycles, %s instructions, %.3f s on the board, %.3f s here (%.0f MIPS)",
                  Thousands(static_cast<long long>(registers.cycles)).c_str(),
                  Thousands(static_cast<long long>(registers.instructions)).c_str(), board_s, host_s, mips);
    say(text);
  }
  if (options.common.json) {
    nlohmann::ordered_json object = {{"board", board->name},
                                     {"end", EndName(result.end)},
                                     {"cycles", registers.cycles},
                                     {"instructions", registers.instructions},
                                     {"seconds", board_s},
                                     {"faults", result.faults},
                                     {"notes", notes}};
    if (result.faults > 0) {
      std::vector<std::string> trace_names;
      for (const uint32_t address : simulator::Backtrace(result.fault.registers, program, read)) {
        const std::string name = program.NameOf(address);
        trace_names.push_back(Hexadecimal(address) + (name.empty() ? "" : " " + name));
      }
      object["fault"] = {{"what", simulator::FaultSentence(result.fault, program)},
                         {"cfsr", result.fault.cfsr},
                         {"hfsr", result.fault.hfsr},
                         {"backtrace", trace_names}};
    }
    if (!failed) std::printf("%s\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  }
  if (failed) {
    say(simulator::FaultDetails(result.fault, program, read));
    return {Status::kDeviceFailed, Printable(options.firmware) + ": after " + Seconds(board_s) + ", " +
                                       simulator::FaultSentence(result.fault, program)};
  }
  if (result.faults > 0) {
    say(std::to_string(result.faults) + (result.faults == 1 ? " fault was taken, " : " faults were taken, the last: ") +
        simulator::FaultSentence(result.fault, program));
  }
  return Nothing{};
}

}  // namespace thimble::cli
