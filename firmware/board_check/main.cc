// The board check: tries what the processor and the AZ3166 around it can do, and says line by line how it went.
//
// First the processor: "cpu NAME ok"; these hold on any Cortex-M4F, so also in QEMU. Then what is soldered around it:
// "kit NAME ok". A check that fails says "FAILED" and what it found. The last one is the watchdog, which resets the
// board: the program knows by RCC's flags that it comes from there, and ends with "done".
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "firmware/board.h"
#include "firmware/boards/az3166/kit.h"
#include "firmware/cortex_m/fault_registers.h"
#include "firmware/drivers/lsm6dsl.h"
#include "firmware/drivers/ssd1306.h"
#include "firmware/drivers/stm32f4/flash.h"
#include "firmware/drivers/stm32f4/registers.h"
#include "firmware/drivers/stm32f4/watchdog.h"

using namespace thimble;
using namespace thimble::firmware;

namespace {

// DDI0403, section B3.2.
constexpr uint32_t kCpuId = 0xe000'ed00, kVectorTable = 0xe000'ed08, kFaultHandlers = 0xe000'ed24,
                   kFaultStatus = 0xe000'ed28, kMemoryAddress = 0xe000'ed34, kBusAddress = 0xe000'ed38;
constexpr uint32_t kMpuType = 0xe000'ed90, kMpuControl = 0xe000'ed94, kMpuRegion = 0xe000'ed98, kMpuBase = 0xe000'ed9c,
                   kMpuAttributes = 0xe000'eda0;
constexpr uint32_t kSysTickControl = 0xe000'e010, kSysTickReload = 0xe000'e014, kSysTickValue = 0xe000'e018;
constexpr uint32_t kFloatContext = 0xe000'ef34, kLazyStackingDue = 1;

constexpr uint32_t kDataViolation = 0x82, kFetchViolation = 0x01, kPreciseBus = 0x8200, kUndefined = 0x1'0000,
                   kInvalidState = 0x2'0000, kUnaligned = 0x100'0000, kDivideByZero = 0x200'0000;

// Lines on the serial port.

void Say(std::string_view text) { Write(std::as_bytes(std::span(text))); }

struct Hex {
  char text[10];
  explicit Hex(uint32_t value) {
    text[0] = '0';
    text[1] = 'x';
    for (int i = 0; i < 8; ++i) text[2 + i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15];
  }
  operator std::string_view() const { return {text, sizeof text}; }
};

int failures = 0;

void Report(std::string_view name, bool right, uint32_t found) {
  Say(name);
  if (right) return Say(" ok\r\n");
  ++failures;
  Say(" FAILED: ");
  Say(Hex(found));
  Say("\r\n");
}

// Code that may fault: Try runs it and tells how it ended.

struct Ending {
  uint32_t exception = 0;  ///< 0: it returned
  uint32_t cfsr = 0;
  uint32_t address = 0;
};

}  // namespace

extern "C" {
// Where Try goes on, whatever happens in between.
volatile uint32_t try_stack = 0;
Ending try_ending;
volatile uint32_t ticks_taken = 0;
volatile uint32_t service_calls = 0;

void Try(void (*code)());
void RecoverTry();
void CheckFault();
void CheckService();
void CheckTick();
void RecordFault(uint32_t exception);
}

/// Saves what a call keeps, calls, and returns; RecoverTry returns from the same call another way.
__attribute__((naked)) void Try(void (*)()) {
  __asm volatile(
      "push {r4-r11, lr}\n"
      "ldr r1, =try_stack\n"
      "str sp, [r1]\n"
      "blx r0\n"
      "pop {r4-r11, pc}\n"
      ".ltorg\n");
}

__attribute__((naked)) void RecoverTry() { __asm volatile("pop {r4-r11, pc}\n"); }

/// Every fault ends in RecoverTry, privileged and on the main stack: an exception return to a frame made by hand.
__attribute__((naked)) void CheckFault() {
  __asm volatile(
      "mrs r0, ipsr\n"
      "bl RecordFault\n"
      "ldr r0, =try_stack\n"
      "ldr r0, [r0]\n"
      "sub r0, #32\n"
      "mov sp, r0\n"
      "ldr r1, =RecoverTry\n"
      "bic r1, #1\n"
      "str r1, [sp, #24]\n"
      "mov r1, #0x01000000\n"
      "str r1, [sp, #28]\n"
      "mov r1, #0\n"
      "msr control, r1\n"
      "isb\n"
      "mvn lr, #6\n"  // 0xFFFFFFF9: thread mode, main stack, no floats
      "bx lr\n"
      ".ltorg\n");
}

void RecordFault(uint32_t exception) {
  const uint32_t cfsr = Register(kFaultStatus);
  try_ending = {.exception = exception,
                .cfsr = cfsr,
                .address = (cfsr & 0x80) != 0 ? Register(kMemoryAddress) : Register(kBusAddress)};
  Register(kFaultStatus) = cfsr;                                          // written ones clear
  Register(kFloatContext) = Register(kFloatContext) & ~kLazyStackingDue;  // its frame is gone
  Register(kMpuControl) = 0;
}

/// SVC 0 counts and returns; SVC 1 ends Try as a fault does.
__attribute__((naked)) void CheckService() {
  __asm volatile(
      "tst lr, #4\n"
      "ite eq\n"
      "mrseq r0, msp\n"
      "mrsne r0, psp\n"
      "ldr r0, [r0, #24]\n"
      "ldrb r0, [r0, #-2]\n"
      "cmp r0, #1\n"
      "beq CheckFault\n"
      "ldr r0, =service_calls\n"
      "ldr r1, [r0]\n"
      "add r1, #1\n"
      "str r1, [r0]\n"
      "bx lr\n"
      ".ltorg\n");
}

void CheckTick() { ticks_taken = ticks_taken + 1; }

namespace {

alignas(512) uint32_t vectors[128];

uint32_t AddressOf(const volatile void* place) { return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(place)); }
uint32_t AddressOf(void (*code)()) { return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(code)); }

void InstallHandlers() {
  const auto* before = reinterpret_cast<const uint32_t*>(Register(kVectorTable));
  for (size_t i = 0; i < 16; ++i) vectors[i] = before[i];
  for (size_t i = 3; i <= 6; ++i) vectors[i] = AddressOf(&CheckFault);
  vectors[11] = AddressOf(&CheckService);
  vectors[15] = AddressOf(&CheckTick);
  Register(kVectorTable) = AddressOf(vectors);
  Register(kFaultHandlers) = Register(kFaultHandlers) | 7 << 16;
  Register(kConfigurationControl) = Register(kConfigurationControl) | kDivisionByZeroFaults;
  __asm volatile("dsb\n isb\n cpsie i");
}

Ending HowEnds(void (*code)()) {
  try_ending = {};
  Try(code);
  return try_ending;
}

void CheckEnding(std::string_view name, void (*code)(), uint32_t exception, uint32_t cfsr, uint32_t address = 0) {
  const Ending ending = HowEnds(code);
  const bool right =
      ending.exception == exception && ending.cfsr == cfsr && (address == 0 || ending.address == address);
  Report(name, right,
         ending.exception != exception ? ending.exception
         : ending.cfsr != cfsr         ? ending.cfsr
                                       : ending.address);
}

// The processor.

alignas(32) volatile uint32_t secret[8] = {0x5ec2e7};
alignas(8) uint32_t process_stack[64];
alignas(32) volatile uint16_t code_in_ram[16] = {0x4770};  // bx lr

/// Region 0: `bytes` (a power of two) at `base`; attributes as in MPU_RASR without size and enable.
void Protect(uint32_t region, uint32_t base, uint32_t bytes, uint32_t attributes) {
  uint32_t size = 0;
  while (2u << size < bytes) ++size;
  Register(kMpuRegion) = region;
  Register(kMpuBase) = base;
  Register(kMpuAttributes) = attributes | size << 1 | 1;
}

constexpr uint32_t kPrivilegedOnly = 1 << 24, kReadOnly = 6 << 24, kFullAccess = 3 << 24, kNeverExecute = 1 << 28;

void SwitchMpuOn() {
  Register(kMpuControl) = 1 << 2 | 1 << 0;
  __asm volatile("dsb\n isb");
}

void WriteSecretUnprivileged() {
  Protect(0, 0x0000'0000, 0x4000'0000, kFullAccess);
  Protect(1, AddressOf(secret), 32, kPrivilegedOnly | kNeverExecute);
  SwitchMpuOn();
  __asm volatile(
      "msr psp, %0\n"
      "mov r0, #3\n"
      "msr control, r0\n"
      "isb\n"
      "str r0, [%1, #4]\n" ::"r"(process_stack + 64),
      "r"(secret)
      : "r0", "memory");
}

void ReadPeripheralUnprivileged() {
  Protect(0, 0x0000'0000, 0x4000'0000, kFullAccess);
  Protect(1, 0x4001'1400, 0x400, kPrivilegedOnly | kNeverExecute);
  SwitchMpuOn();
  __asm volatile(
      "ldr r1, =0x40011400\n"
      "msr psp, %0\n"
      "mov r0, #3\n"
      "msr control, r0\n"
      "isb\n"
      "ldr r0, [r1]\n" ::"r"(process_stack + 64)
      : "r0", "r1", "memory");
}

void SwitchMpuOffUnprivileged() {
  __asm volatile(
      "ldr r1, =0xe000ed94\n"
      "msr psp, %0\n"
      "mov r0, #3\n"
      "msr control, r0\n"
      "isb\n"
      "str r0, [r1]\n" ::"r"(process_stack + 64)
      : "r0", "r1", "memory");
}

void EndUnprivilegedByService() {
  __asm volatile(
      "msr psp, %0\n"
      "mov r0, #3\n"
      "msr control, r0\n"
      "isb\n"
      "svc 1\n" ::"r"(process_stack + 64)
      : "r0", "memory");
}

void RunFromNeverExecute() {
  Protect(0, AddressOf(code_in_ram), 32, kFullAccess | kNeverExecute);
  SwitchMpuOn();
  reinterpret_cast<void (*)()>(AddressOf(code_in_ram) | 1)();
}

void WriteReadOnly() {
  Protect(0, AddressOf(secret), 32, kReadOnly | kNeverExecute);
  SwitchMpuOn();
  secret[2] = 1;
}

void CheckProcessor() {
  Report("cpu id", Register(kCpuId) == 0x410f'c241 || Register(kCpuId) == 0x410f'c240, Register(kCpuId));
  Report("cpu mpu with eight regions", Register(kMpuType) == 0x800, Register(kMpuType));
  CheckEnding(
      "cpu undefined instruction", [] { __asm volatile("udf #0"); }, 6, kUndefined);
  CheckEnding(
      "cpu division by zero",
      [] {
        __asm volatile("mov r0, #1\n mov r1, #0\n udiv r0, r0, r1" ::: "r0", "r1");
      },
      6, kDivideByZero);
  CheckEnding(
      "cpu unaligned load multiple",
      [] {
        __asm volatile("ldr r0, =0x20000001\n ldmia r0, {r1, r2}\n" ::: "r0", "r1", "r2");
      },
      6, kUnaligned);
  CheckEnding(
      "cpu jump without thumb bit",
      [] {
        __asm volatile("ldr r0, =0x0800c000\n bx r0\n" ::: "r0");
      },
      6, kInvalidState);
  CheckEnding(
      "cpu access to nothing",
      [] {
        __asm volatile("ldr r0, =0xd0000000\n ldr r0, [r0]\n" ::: "r0");
      },
      5, kPreciseBus, 0xd000'0000);
  service_calls = 0;
  __asm volatile("svc 0");
  Report("cpu supervisor call", service_calls == 1, service_calls);
  CheckEnding("cpu unprivileged code comes back by supervisor call", &EndUnprivilegedByService, 11, 0);
  CheckEnding("cpu secret is kept from unprivileged code", &WriteSecretUnprivileged, 4, kDataViolation,
              AddressOf(secret) + 4);
  Report("cpu secret is unchanged", secret[0] == 0x5ec2e7 && secret[1] == 0, secret[1]);
  CheckEnding("cpu peripheral is kept from unprivileged code", &ReadPeripheralUnprivileged, 4, kDataViolation,
              0x4001'1400);
  CheckEnding("cpu mpu cannot be switched off by unprivileged code", &SwitchMpuOffUnprivileged, 5, kPreciseBus,
              kMpuControl);
  CheckEnding("cpu memory that is never executed", &RunFromNeverExecute, 4, kFetchViolation);
  CheckEnding("cpu memory that is read-only", &WriteReadOnly, 4, kDataViolation, AddressOf(secret) + 8);

  float kept = 0;
  __asm volatile(
      "vmov.f32 s16, #1.5\n"
      "svc 0\n"
      "vmov.f32 %0, s16\n"
      : "=t"(kept)
      :
      : "s16");
  Report("cpu floats survive an exception", kept == 1.5F && service_calls == 2, service_calls);

  Register(kSysTickReload) = 9'999;
  Register(kSysTickValue) = 0;
  Register(kSysTickControl) = 7;
  for (uint32_t turns = 0; ticks_taken < 3 && turns < 10'000'000; ++turns) {
  }
  Register(kSysTickControl) = 0;
  Report("cpu tick interrupt", ticks_taken >= 3, ticks_taken);

  volatile uint32_t word = 0;
  const uint32_t alias = 0x2200'0000 + (AddressOf(&word) - 0x2000'0000) * 32 + 5 * 4;
  Register(alias) = 1;
  Report("cpu bit banding", word == 1 << 5, word);
}

// The kit.

void CheckKit() {
  az3166::SetUpKit();
  Report("kit clock at 96 MHz", (stm32f4::rcc().configuration & 0xc) == 8, stm32f4::rcc().configuration);
  StartTicks();
  const uint32_t before = Ticks();
  Report("kit cycle counter", Ticks() != before, before);
  az3166::kWifiLed.Set(true);
  az3166::kUserLed.Set(true);
  az3166::SetColour(255, 96, 16);
  Report("kit buttons are up", !az3166::IsPressed(az3166::kButtonA) && !az3166::IsPressed(az3166::kButtonB), 1);

  static Ssd1306 display(az3166::Bus());
  const Status shown = display.SetUp();
  Report("kit display", ok(shown), static_cast<uint32_t>(shown));

  struct Identity {
    std::string_view name;
    uint8_t address, place, value;
  };
  constexpr Identity kIdentities[] = {{"kit motion sensor", Lsm6dsl::kAddress, 0x0f, 0x6a},
                                      {"kit humidity sensor", az3166::kHts221Address, 0x0f, 0xbc},
                                      {"kit pressure sensor", az3166::kLps22hbAddress, 0x0f, 0xb1},
                                      {"kit magnetometer", az3166::kLis2mdlAddress, 0x4f, 0x40}};
  for (const Identity& identity : kIdentities) {
    std::byte found{};
    const Status status = az3166::Bus().Read(identity.address, identity.place, {&found, 1});
    Report(identity.name, ok(status) && found == std::byte{identity.value}, std::to_integer<uint32_t>(found));
  }

  static Lsm6dsl sensor(az3166::Bus());
  Lsm6dsl::Sample sample = {};
  Status status = sensor.SetUp(Lsm6dsl::Rate::k104Hz);
  if (ok(status)) {
    for (int i = 0; i < 200 && (status = sensor.Read(sample)) == Status::kNotYet; ++i) az3166::WaitMs(1);
  }
  Report("kit motion sample", ok(status), static_cast<uint32_t>(status));

  static Lsm6dsl::Sample samples[32];
  size_t count = 0;
  status = sensor.StartQueue(Lsm6dsl::Rate::k104Hz);
  if (ok(status)) {
    az3166::WaitMs(200);
    status = sensor.ReadQueue(samples, count);
  }
  Report("kit motion queue holds what came in 200 ms", ok(status) && count >= 19 && count <= 22,
         static_cast<uint32_t>(count));

  // The last sector: no program of this size reaches it.
  constexpr int kSector = 11;
  constexpr uint32_t kWords[] = {0x7468'696d, 0x626c'6500, 0, 0xffff'ffff};
  status = stm32f4::InternalFlash::Erase(kSector);
  const uint32_t address = stm32f4::InternalFlash::SectorAddress(kSector);
  const bool erased = Register(address) == ~0u;
  if (ok(status)) status = stm32f4::InternalFlash::Program(address, kWords);
  Report("kit flash erased and programmed", ok(status) && erased && Register(address) == kWords[0],
         static_cast<uint32_t>(status));

  if (ok(shown)) {
    display.Clear();
    display.Text(0, 0, "Thimble", 2);
    display.Text(0, 20, "board check");
    display.Rectangle(0, 32, 128, 9, false);
    display.Rectangle(2, 34, failures == 0 ? 124 : 62, 5, true);
    display.Text(0, 46, failures == 0 ? "everything answers" : "something failed");
    (void)display.Show();
  }
}

constexpr uint32_t kWatchdogReset = 1 << 29, kClearResetFlags = 1 << 24;  // RCC_CSR

}  // namespace

void Main() {
  if ((stm32f4::rcc().status & kWatchdogReset) == 0) {
    Say("Thimble board check\r\n");
    InstallHandlers();
    CheckProcessor();
    Say(failures == 0 ? "cpu done\r\n" : "cpu done, with failures\r\n");
    failures = 0;
    StartTicks();
    stm32f4::StartWatchdog(50);
    az3166::WaitMs(500);
    Report("kit watchdog", false, 0);
  } else {
    stm32f4::rcc().status = stm32f4::rcc().status | kClearResetFlags;
    Report("kit watchdog", true, 0);
  }
  __asm volatile("cpsid i");  // from here on interrupts only end a sleep
  CheckKit();
  Say(failures == 0 ? "kit done\r\n" : "kit done, with failures\r\n");
}
