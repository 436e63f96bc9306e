#include "simulator/oracle/qemu_guest.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

#include "simulator/oracle/child.h"
#include "simulator/oracle/random_program.h"

namespace thimble::simulator::oracle {

Expected<std::vector<std::byte>> RunInQemu(const std::filesystem::path& guest, std::span<const std::byte> program,
                                           int timeout_ms) {
  const Descriptor memory(memfd_create("psram", MFD_CLOEXEC));
  if (memory.number < 0 || ftruncate(memory.number, kProgramBytes) != 0) {
    return SystemError("memfd_create");
  }
  void* mapped = mmap(nullptr, kProgramBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.number, 0);
  if (mapped == MAP_FAILED) return SystemError("mmap");
  struct Unmap {
    void* address;
    ~Unmap() { munmap(address, kProgramBytes); }
  } unmap{mapped};
  std::memcpy(mapped, program.data(), program.size());
  const std::span<const std::byte> bytes(static_cast<const std::byte*>(mapped), kProgramBytes);

  THIMBLE_ASSIGN(Child qemu, Child::Start({"qemu-system-arm", "-M", "mps2-an386,memory-backend=ram", "-object",
                                           "memory-backend-file,id=ram,share=on,mem-path=/proc/self/fd/3,size=" +
                                               std::to_string(kProgramBytes),
                                           "-nodefaults", "-display", "none", "-kernel", guest.string()},
                                          {memory.number}));
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (RandomProgram::StatusIn(bytes) == 0) {
    if (!qemu.IsRunning()) return {Status::kDeviceFailed, "QEMU ended: " + qemu.Messages()};
    if (std::chrono::steady_clock::now() > end) {
      return {Status::kDeviceFailed, "the program did not end in QEMU within " + std::to_string(timeout_ms) +
                                         " ms; it has left " + std::to_string(RandomProgram::RecordsIn(bytes)) +
                                         " records"};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::atomic_thread_fence(std::memory_order_acquire);
  }
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

}  // namespace thimble::simulator::oracle
