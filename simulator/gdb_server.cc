#include "simulator/gdb_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "simulator/serial_end.h"

namespace thimble::simulator {
namespace {

constexpr size_t kPacketBytes = 4096;

// Registers in the order of the description below.
constexpr uint32_t kXpsr = 16, kFirstDouble = 17, kFpscr = 33, kMsp = 34, kPsp = 35, kPrimask = 36, kBasepri = 37,
                   kFaultmask = 38, kControl = 39, kRegisterCount = 40;

constexpr bool IsDouble(uint32_t number) { return number >= kFirstDouble && number < kFpscr; }

std::string TargetDescription() {
  std::string text =
      "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\">"
      "<architecture>arm</architecture><feature name=\"org.gnu.gdb.arm.m-profile\">";
  const auto add = [&](const std::string& name, uint32_t number, int bits, const std::string& type) {
    text += "<reg name=\"" + name + "\" bitsize=\"" + std::to_string(bits) + "\" regnum=\"" + std::to_string(number) +
            "\" type=\"" + type + "\"/>";
  };
  for (uint32_t i = 0; i < 13; ++i) add("r" + std::to_string(i), i, 32, "uint32");
  add("sp", kSp, 32, "data_ptr");
  add("lr", kLr, 32, "uint32");
  add("pc", kPc, 32, "code_ptr");
  add("xpsr", kXpsr, 32, "uint32");
  text += "</feature><feature name=\"org.gnu.gdb.arm.vfp\">";
  for (uint32_t i = 0; i < 16; ++i) add("d" + std::to_string(i), kFirstDouble + i, 64, "ieee_double");
  add("fpscr", kFpscr, 32, "uint32");
  text += "</feature><feature name=\"org.gnu.gdb.arm.m-system\">";
  add("msp", kMsp, 32, "data_ptr");
  add("psp", kPsp, 32, "data_ptr");
  text += "</feature><feature name=\"org.thimble.cortex-m4\">";
  add("primask", kPrimask, 32, "uint32");
  add("basepri", kBasepri, 32, "uint32");
  add("faultmask", kFaultmask, 32, "uint32");
  add("control", kControl, 32, "uint32");
  return text + "</feature></target>";
}

std::string HexByte(uint8_t byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  return {kDigits[byte >> 4], kDigits[byte & 15]};
}

/// In the target's byte order.
std::string HexWord(uint32_t word) {
  std::string text;
  for (int i = 0; i < 4; ++i) text += HexByte(static_cast<uint8_t>(word >> 8 * i));
  return text;
}

std::optional<uint32_t> Number(std::string_view text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::string> FromHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    const auto value = Number(text.substr(i, 2));
    if (!value) return std::nullopt;
    bytes += static_cast<char>(*value);
  }
  return bytes;
}

std::optional<uint32_t> WordFromHex(std::string_view text) {
  const auto bytes = FromHex(text.substr(0, 8));
  if (!bytes || bytes->size() != 4) return std::nullopt;
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<uint8_t>((*bytes)[i]);
  return value;
}

std::string ToHex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += HexByte(static_cast<uint8_t>(c));
  return text;
}

/// "1000,20" or "1000,20:…": address and length.
std::optional<std::pair<uint32_t, uint32_t>> Range(std::string_view text) {
  const size_t comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto address = Number(text.substr(0, comma)), length = Number(text.substr(comma + 1));
  if (!address || !length) return std::nullopt;
  return std::pair(*address, *length);
}

constexpr char kWrongPacket[] = "E01";
constexpr char kNoMemory[] = "E14";

}  // namespace

std::string GdbProtocol::ReadRegister(uint32_t number) const {
  const Registers& registers = chip_.core().registers();
  if (number < 16) return HexWord(registers.r[number]);
  if (IsDouble(number)) {
    const uint32_t first = 2 * (number - kFirstDouble);
    return HexWord(registers.s[first]) + HexWord(registers.s[first + 1]);
  }
  switch (number) {
    case kXpsr:
      return HexWord(registers.Xpsr());
    case kFpscr:
      return HexWord(registers.fpscr);
    case kMsp:
      return HexWord(registers.Msp());
    case kPsp:
      return HexWord(registers.Psp());
    case kPrimask:
      return HexWord(registers.primask ? 1 : 0);
    case kBasepri:
      return HexWord(registers.basepri);
    case kFaultmask:
      return HexWord(registers.faultmask ? 1 : 0);
    case kControl:
      return HexWord((registers.unprivileged ? 1u : 0) | (registers.process_stack ? 2u : 0) |
                     (registers.float_active ? 4u : 0));
    default:
      return kWrongPacket;
  }
}

bool GdbProtocol::WriteRegister(uint32_t number, std::string_view text) {
  Registers& registers = chip_.core().registers();
  const auto value = WordFromHex(text);
  if (!value) return false;
  if (IsDouble(number)) {
    const auto upper = text.size() >= 16 ? WordFromHex(text.substr(8)) : std::nullopt;
    if (!upper) return false;
    registers.s[2 * (number - kFirstDouble)] = *value;
    registers.s[2 * (number - kFirstDouble) + 1] = *upper;
    return true;
  }
  if (number < 16) {
    registers.r[number] = number == kPc ? *value & ~1u : number == kSp ? *value & ~3u : *value;
    return true;
  }
  switch (number) {
    case kXpsr:
      registers.n = (*value >> 31 & 1) != 0;
      registers.z = (*value >> 30 & 1) != 0;
      registers.c = (*value >> 29 & 1) != 0;
      registers.v = (*value >> 28 & 1) != 0;
      registers.q = (*value >> 27 & 1) != 0;
      registers.ge = *value >> 16 & 15;
      return true;
    case kFpscr:
      registers.fpscr = *value & 0xf7c0'009f;
      return true;
    case kMsp:
      (registers.UsesProcessStack() ? registers.other_sp : registers.r[kSp]) = *value & ~3u;
      return true;
    case kPsp:
      (registers.UsesProcessStack() ? registers.r[kSp] : registers.other_sp) = *value & ~3u;
      return true;
    case kPrimask:
      registers.primask = (*value & 1) != 0;
      break;
    case kBasepri:
      registers.basepri = *value & 0xf0;
      break;
    case kFaultmask:
      registers.faultmask = (*value & 1) != 0;
      break;
    default:  // CONTROL and the like change which stack is which; a debugger has no business there
      return false;
  }
  chip_.core().system().MasksChanged();
  return true;
}

std::string GdbProtocol::ReadRegisters() const {
  std::string text;
  for (uint32_t number = 0; number < kRegisterCount; ++number) text += ReadRegister(number);
  return text;
}

std::string GdbProtocol::WriteRegisters(std::string_view text) {
  size_t at = 0;
  for (uint32_t number = 0; number < kControl; ++number) {
    const size_t digits = IsDouble(number) ? 16 : 8;
    if (at + digits > text.size()) return kWrongPacket;
    WriteRegister(number, text.substr(at, digits));
    at += digits;
  }
  return "OK";
}

std::string GdbProtocol::ReadMemory(std::string_view arguments) {
  const auto range = Range(arguments);
  if (!range) return kWrongPacket;
  auto [address, left] = *range;
  left = std::min<uint32_t>(left, kPacketBytes / 2 - 8);
  std::string text;
  while (left > 0) {
    const int bytes = address % 4 == 0 && left >= 4 ? 4 : address % 2 == 0 && left >= 2 ? 2 : 1;
    uint32_t value = 0;
    if (!chip_.Peek(address, bytes, value)) break;
    text += HexWord(value).substr(0, static_cast<size_t>(2 * bytes));
    address += static_cast<uint32_t>(bytes);
    left -= static_cast<uint32_t>(bytes);
  }
  return text.empty() ? kNoMemory : text;
}

bool GdbProtocol::WriteBytes(uint32_t address, std::string_view bytes) {
  // GDB's `load` writes flash as it writes anything else; a probe programs it then, and so does this.
  if (chip_.Program(address, std::as_bytes(std::span(bytes)))) return true;
  for (size_t done = 0; done < bytes.size();) {
    const uint32_t at = address + static_cast<uint32_t>(done);
    const size_t left = bytes.size() - done;
    const size_t count = at % 4 == 0 && left >= 4 ? 4 : at % 2 == 0 && left >= 2 ? 2 : 1;
    uint32_t value = 0;
    for (size_t i = count; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[done + i]);
    if (!chip_.Poke(at, static_cast<int>(count), value)) return false;
    done += count;
  }
  return true;
}

std::string GdbProtocol::WriteMemory(std::string_view arguments, bool is_binary) {
  const size_t colon = arguments.find(':');
  if (colon == std::string_view::npos) return kWrongPacket;
  const auto range = Range(arguments.substr(0, colon));
  const std::string_view data = arguments.substr(colon + 1);
  const auto bytes = is_binary ? std::optional(std::string(data)) : FromHex(data);
  if (!range || !bytes || bytes->size() != range->second) return kWrongPacket;
  return WriteBytes(range->first, *bytes) ? "OK" : kNoMemory;
}

std::string GdbProtocol::ChangeBreakpoint(std::string_view packet) {
  // "Z0,addr,kind": 0 and 1 stop at an instruction, 2 at writes, 3 at reads, 4 at both.
  if (packet.size() < 4 || packet[2] != ',') return kWrongPacket;
  const bool adds = packet[0] == 'Z';
  const auto range =
      Range(packet.substr(3, packet.find(';') == std::string_view::npos ? packet.size() : packet.find(';') - 3));
  if (!range) return kWrongPacket;
  Core& core = chip_.core();
  constexpr size_t kMost = 1000;
  if (packet[1] == '0' || packet[1] == '1') {
    const uint32_t address = range->first & ~1u;
    const auto found = std::find(breakpoints_.begin(), breakpoints_.end(), address);
    if (adds && found == breakpoints_.end()) {
      if (breakpoints_.size() >= kMost) return kWrongPacket;
      breakpoints_.push_back(address);
      core.AddBreakpoint(address);
    } else if (!adds && found != breakpoints_.end()) {
      breakpoints_.erase(found);
      core.RemoveBreakpoint(address);
    }
    return "OK";
  }
  if (packet[1] < '2' || packet[1] > '4') return "";
  const Watchpoint watchpoint = {range->first, range->second, packet[1] != '2', packet[1] != '3'};
  const auto found = std::find(watchpoints_.begin(), watchpoints_.end(), watchpoint);
  if (adds && found == watchpoints_.end()) {
    if (watchpoints_.size() >= kMost || watchpoint.bytes == 0) return kWrongPacket;
    watchpoints_.push_back(watchpoint);
    core.AddWatchpoint(watchpoint.address, watchpoint.bytes, watchpoint.reads, watchpoint.writes);
  } else if (!adds && found != watchpoints_.end()) {
    watchpoints_.erase(found);
    core.RemoveWatchpoint(watchpoint.address, watchpoint.bytes, watchpoint.reads, watchpoint.writes);
  }
  return "OK";
}

std::string GdbProtocol::Monitor(std::string_view hexadecimal) {
  const auto command = FromHex(hexadecimal);
  if (!command) return kWrongPacket;
  if (*command == "reset") {
    chip_.PressReset();
    return ToHex("The board was reset.\n");
  }
  if (*command == "cycles") {
    const Registers& registers = chip_.core().registers();
    return ToHex(std::to_string(registers.cycles) + " cycles, " + std::to_string(registers.instructions) +
                 " instructions, " + std::to_string(chip_.NowNs() / 1000) + " us since power-on\n");
  }
  return ToHex("monitor reset: presses the reset button\nmonitor cycles: time since power-on\n");
}

std::string GdbProtocol::Query(std::string_view packet) {
  if (packet.starts_with("qSupported")) {
    char text[160];
    std::snprintf(text, sizeof text,
                  "PacketSize=%zx;qXfer:features:read+;swbreak+;hwbreak+;QStartNoAckMode+;vContSupported+",
                  kPacketBytes);
    return text;
  }
  if (packet == "QStartNoAckMode") {
    without_acknowledgements_ = true;
    return "OK";
  }
  constexpr std::string_view kFeatures = "qXfer:features:read:target.xml:";
  if (packet.starts_with(kFeatures)) {
    const auto range = Range(packet.substr(kFeatures.size()));
    if (!range) return kWrongPacket;
    const std::string description = TargetDescription();
    if (range->first >= description.size()) return "l";
    const std::string part = description.substr(range->first, std::min<size_t>(range->second, kPacketBytes - 8));
    return (range->first + part.size() == description.size() ? "l" : "m") + part;
  }
  constexpr std::string_view kMonitor = "qRcmd,";
  if (packet.starts_with(kMonitor)) return Monitor(packet.substr(kMonitor.size()));
  if (packet == "qAttached") return "1";
  if (packet == "qC") return "QC1";
  if (packet == "qfThreadInfo") return "m1";
  if (packet == "qsThreadInfo") return "l";
  return "";
}

std::string GdbProtocol::Resume(std::string_view action) {
  // "c", "s", or either with a signal number ("C05", "S05"), which a bare board ignores.
  if (action.empty()) return kWrongPacket;
  const char kind = action[0];
  if (kind != 'c' && kind != 's' && kind != 'C' && kind != 'S') return "";
  if ((kind == 'c' || kind == 's') && action.size() > 1) {
    const auto address =
        Number(action.substr(1, action.find_first_of(":;") == std::string_view::npos ? std::string_view::npos
                                                                                     : action.find_first_of(":;") - 1));
    if (address) chip_.core().registers().r[kPc] = *address & ~1u;
  }
  running_ = true;
  stepping_ = kind == 's' || kind == 'S';
  return "";
}

std::string GdbProtocol::Answer(std::string_view packet) {
  if (packet.empty()) return "";
  switch (packet[0]) {
    case '?':
      return last_stop_;
    case 'g':
      return ReadRegisters();
    case 'G':
      return WriteRegisters(packet.substr(1));
    case 'p': {
      const auto number = Number(packet.substr(1));
      return number ? ReadRegister(*number) : kWrongPacket;
    }
    case 'P': {
      const size_t equals = packet.find('=');
      if (equals == std::string_view::npos) return kWrongPacket;
      const auto number = Number(packet.substr(1, equals - 1));
      return number && WriteRegister(*number, packet.substr(equals + 1)) ? "OK" : kWrongPacket;
    }
    case 'm':
      return ReadMemory(packet.substr(1));
    case 'M':
      return WriteMemory(packet.substr(1), false);
    case 'X':
      return WriteMemory(packet.substr(1), true);
    case 'z':
    case 'Z':
      return ChangeBreakpoint(packet);
    case 'c':
    case 's':
    case 'C':
    case 'S':
      return Resume(packet);
    case 'v':
      if (packet == "vCont?") return "vCont;c;C;s;S";
      if (packet.starts_with("vCont;")) return Resume(packet.substr(6));
      if (packet.starts_with("vKill")) {
        killed_ = true;
        return "OK";
      }
      return "";
    case 'H':
    case 'T':
      return "OK";
    case 'D':
      Detach();
      return "OK";
    case 'k':
      killed_ = true;
      return "";
    case 'q':
    case 'Q':
      return Query(packet);
    default:
      return "";
  }
}

void GdbProtocol::Detach() {
  for (const uint32_t address : breakpoints_) chip_.core().RemoveBreakpoint(address);
  for (const Watchpoint& w : watchpoints_) chip_.core().RemoveWatchpoint(w.address, w.bytes, w.reads, w.writes);
  breakpoints_.clear();
  watchpoints_.clear();
  chip_.core().StopAtBkpt(false);
  detached_ = true;
  running_ = true;
  stepping_ = false;
}

std::string GdbProtocol::Stopped(ChipStop reason) {
  running_ = stepping_ = false;
  char text[48];
  switch (reason) {
    case ChipStop::kInterrupted:
      last_stop_ = "T02thread:1;";
      break;
    case ChipStop::kWatchpoint:
      std::snprintf(text, sizeof text, "T05watch:%x;thread:1;", chip_.core().watch_hit());
      last_stop_ = text;
      break;
    case ChipStop::kLockup:
      last_stop_ = "T0bthread:1;";
      break;
    case ChipStop::kPowerLost:
      last_stop_ = "W00";
      break;
    default:
      last_stop_ = "T05thread:1;";
  }
  return last_stop_;
}

GdbServer::GdbServer(Stm32f412& chip, Descriptor listener, int port)
    : chip_(chip), listener_(std::move(listener)), port_(port), protocol_(std::make_unique<GdbProtocol>(chip)) {}

Expected<std::unique_ptr<GdbServer>> GdbServer::Listen(Stm32f412& chip, int port) {
  THIMBLE_ASSIGN(const int listener, ListenOnLoopback(port));
  return std::unique_ptr<GdbServer>(new GdbServer(chip, Descriptor(listener), port));
}

void GdbServer::Drop() {
  peer_.Close();
  input_.clear();
  protocol_->Detach();
}

void GdbServer::Send(const std::string& answer) {
  uint8_t sum = 0;
  std::string packet = "$";
  for (const char c : answer) {
    // These four have a meaning of their own; "}" and the byte with bit 5 turned stands for them.
    if (c == '$' || c == '#' || c == '}' || c == '*') {
      packet += '}';
      packet += static_cast<char>(c ^ 0x20);
    } else {
      packet += c;
    }
  }
  for (size_t i = 1; i < packet.size(); ++i) sum = static_cast<uint8_t>(sum + static_cast<uint8_t>(packet[i]));
  packet += '#' + HexByte(sum);
  size_t done = 0;
  while (done < packet.size()) {
    const ssize_t count = send(peer_.number, packet.data() + done, packet.size() - done, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      pollfd ready = {peer_.number, POLLOUT, 0};
      if (poll(&ready, 1, 5000) > 0) continue;
    }
    if (count <= 0) return Drop();
    done += static_cast<size_t>(count);
  }
}

void GdbServer::Receive() {
  char buffer[4096];
  const ssize_t count = recv(peer_.number, buffer, sizeof buffer, MSG_DONTWAIT);
  if (count > 0) {
    input_.append(buffer, static_cast<size_t>(count));
    if (input_.size() > 16 * kPacketBytes) Drop();
  } else if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
    Drop();
  }
}

void GdbServer::HandleInput() {
  while (!input_.empty() && attached()) {
    if (input_[0] == '\x03') {
      input_.erase(0, 1);
      if (running()) Send(protocol_->Stopped(ChipStop::kInterrupted));
      continue;
    }
    if (input_[0] != '$') {  // acknowledgements, and noise
      input_.erase(0, 1);
      continue;
    }
    if (running()) return;  // an answer is still due
    const size_t hash = input_.find('#');
    if (hash == std::string::npos || hash + 2 >= input_.size()) return;
    std::string content;
    uint8_t sum = 0;
    for (size_t i = 1; i < hash; ++i) {
      sum = static_cast<uint8_t>(sum + static_cast<uint8_t>(input_[i]));
      if (input_[i] == '}' && i + 1 < hash) {
        ++i;
        sum = static_cast<uint8_t>(sum + static_cast<uint8_t>(input_[i]));
        content += static_cast<char>(input_[i] ^ 0x20);
      } else {
        content += input_[i];
      }
    }
    const bool right = Number(std::string_view(input_).substr(hash + 1, 2)) == sum;
    input_.erase(0, hash + 3);
    const bool acknowledges = !protocol_->without_acknowledgements();
    if (acknowledges) send(peer_.number, right ? "+" : "-", 1, MSG_NOSIGNAL);
    if (!right) continue;
    const std::string answer = protocol_->Answer(content);
    if (protocol_->killed()) return peer_.Close();
    if (protocol_->detached()) {
      Send(answer);
      return peer_.Close();
    }
    if (!running()) Send(answer);
  }
}

void GdbServer::Serve(int timeout_ms) {
  if (!attached()) {
    pollfd ready = {listener_.number, POLLIN, 0};
    poll(&ready, 1, running() ? 0 : timeout_ms);
    peer_ = Descriptor(accept4(listener_.number, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!attached()) return;
    const int yes = 1;
    setsockopt(peer_.number, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    // A debugger that comes finds the program halted.
    protocol_ = std::make_unique<GdbProtocol>(chip_);
    chip_.core().StopAtBkpt(true);
    return;
  }
  pollfd ready = {peer_.number, POLLIN, 0};
  if (poll(&ready, 1, running() ? 0 : timeout_ms) <= 0) return;
  Receive();
  HandleInput();
}

void GdbServer::Stopped(ChipStop reason) {
  if (!attached()) return;
  Send(protocol_->Stopped(reason));
  HandleInput();
}

}  // namespace thimble::simulator
