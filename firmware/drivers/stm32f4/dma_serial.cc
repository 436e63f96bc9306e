#include "firmware/drivers/stm32f4/dma_serial.h"

namespace thimble::firmware::stm32f4 {
namespace {

constexpr uint32_t kDmaClock = 1 << 22;                                                              // of AHB1
constexpr uint32_t kEnable = 1, kToPeripheral = 1 << 6, kCircular = 1 << 8, kMemoryMoves = 1 << 10;  // SxCR
constexpr uint32_t kChannel5 = 5 << 25;
constexpr uint32_t kStream1Flags = 0x3d << 6, kStream6Flags = 0x3d << 16;  // in LIFCR and HIFCR
constexpr uint32_t kDmaReceive = 1 << 6, kDmaTransmit = 1 << 7;            // USART CR3

DmaStream& Receiving() { return dma2().streams[1]; }
DmaStream& Sending() { return dma2().streams[6]; }

uint32_t AddressOf(const volatile void* place) { return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(place)); }

}  // namespace

void DmaSerial::SetUp() {
  rcc().ahb1_enable = rcc().ahb1_enable | kDmaClock;
  Usart& usart = usart6();
  Receiving().control = 0;  // another one may have had the line before
  WaitFor([] { return (Receiving().control & kEnable) == 0; }, 1000);
  read_ = 0;
  (void)usart.status;
  (void)usart.data;  // reading both forgets a byte that came too early, and that one was lost behind it
  dma2().clear_low = kStream1Flags;
  Receiving().peripheral = AddressOf(&usart.data);
  Receiving().memory[0] = AddressOf(received_.data());
  Receiving().count = kReceiveBytes;
  Receiving().control = kChannel5 | kMemoryMoves | kCircular;
  Receiving().control = Receiving().control | kEnable;
  usart.control3 = usart.control3 | kDmaReceive;
}

bool DmaSerial::Read(std::byte& byte) {
  const size_t next = (kReceiveBytes - Receiving().count) % kReceiveBytes;
  if (next == read_) return false;
  byte = *static_cast<volatile std::byte*>(&received_[read_]);
  read_ = (read_ + 1) % kReceiveBytes;
  return true;
}

size_t DmaSerial::Room() {
  Pump();
  return kSendBytes - (queued_ - sent_);
}

void DmaSerial::Write(std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes) {
    while (queued_ - sent_ == kSendBytes) Pump();
    sending_[queued_ % kSendBytes] = byte;
    ++queued_;
  }
  Pump();
}

void DmaSerial::Pump() {
  if (piece_ > 0) {
    if ((Sending().control & kEnable) != 0) return;
    sent_ += piece_;
    piece_ = 0;
  }
  if (queued_ == sent_) return;
  const size_t at = sent_ % kSendBytes;
  const size_t to_the_end = kSendBytes - at, waiting = queued_ - sent_;
  piece_ = waiting < to_the_end ? waiting : to_the_end;
  __asm volatile("dsb" ::: "memory");  // the bytes are in memory before DMA reads them
  dma2().clear_high = kStream6Flags;
  Sending().peripheral = AddressOf(&usart6().data);
  Sending().memory[0] = AddressOf(&sending_[at]);
  Sending().count = static_cast<uint32_t>(piece_);
  Sending().control = kChannel5 | kMemoryMoves | kToPeripheral;
  Sending().control = Sending().control | kEnable;
  usart6().control3 = usart6().control3 | kDmaTransmit;
}

}  // namespace thimble::firmware::stm32f4
