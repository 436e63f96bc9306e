/* From reset to main() on the board mps2_an386, and what the C library asks of it: a serial line and a heap. */
#include <stddef.h>
#include <stdint.h>

extern uint32_t stack_top, data_begin, data_end, data_source, bss_begin, bss_end;
extern char heap_begin;
int main(int count, char** arguments);
void Reset(void);
void Fault(void);

__attribute__((section(".vectors"), used)) const void* const vectors[16] = {
    &stack_top, Reset, Fault, Fault, Fault, Fault, Fault, Fault, Fault, Fault, Fault, Fault, Fault, Fault, Fault, Fault,
};

/* CMSDK UART 0 (DDI0479, section 4.3). */
static volatile uint32_t* const uart = (volatile uint32_t*)0x40004000;
enum { kData = 0, kState = 1, kControl = 2, kDivider = 4 };

static void Send(char letter) {
  while ((uart[kState] & 1) != 0) {
  }
  uart[kData] = (uint8_t)letter;
}

static void SendText(const char* text) {
  for (; *text != 0; ++text) Send(*text);
}

/* The last byte of all: end of transmission. */
static void End(void) {
  Send(4);
  __asm volatile("cpsid i");
  for (;;) __asm volatile("wfi");
}

void Fault(void) {
  SendText("\nfault\n");
  End();
}

void Reset(void) {
  *(volatile uint32_t*)0xe000ed88 |= 0xfu << 20; /* the FPU on */
  __asm volatile("dsb\n isb");
  const uint32_t* from = &data_source;
  for (uint32_t* to = &data_begin; to < &data_end; ++to) *to = *from++;
  for (uint32_t* to = &bss_begin; to < &bss_end; ++to) *to = 0;
  uart[kDivider] = 217;
  uart[kControl] = 1;
  char name[] = "selftest";
  char* arguments[] = {name, NULL};
  const int result = main(1, arguments);
  SendText(result == 0 ? "\nend: 0\n" : "\nend: failed\n");
  End();
}

/* newlib's system calls. */
int _write(int file, const char* bytes, int count) {
  (void)file;
  for (int i = 0; i < count; ++i) Send(bytes[i]);
  return count;
}

void* _sbrk(ptrdiff_t bytes) {
  static char* end = &heap_begin;
  char* const before = end;
  end += bytes;
  return before;
}

void _exit(int status) {
  SendText(status == 0 ? "\nexit: 0\n" : "\nexit: failed\n");
  End();
  for (;;) {
  }
}

int _read(int file, char* bytes, int count) { return (void)file, (void)bytes, (void)count, 0; }
int _close(int file) { return (void)file, -1; }
int _fstat(int file, void* status) { return (void)file, (void)status, -1; }
int _isatty(int file) { return (void)file, 1; }
int _lseek(int file, int offset, int whence) { return (void)file, (void)offset, (void)whence, 0; }
int _kill(int process, int signal) { return (void)process, (void)signal, -1; }
int _getpid(void) { return 1; }

/* Mbed TLS asks for a source of entropy; the same bytes each time are what a comparison needs. */
int mbedtls_hardware_poll(void* unused, unsigned char* bytes, size_t count, size_t* given) {
  static uint32_t state = 1;
  (void)unused;
  for (size_t i = 0; i < count; ++i) bytes[i] = (unsigned char)((state = state * 1664525 + 1013904223) >> 24);
  *given = count;
  return 0;
}
