// Writes docs/operators.md anew: write_operators KERNELS_FOLDER FILE.
#include <cstdio>
#include <fstream>

#include "compiler/operator_table.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: write_operators KERNELS_FOLDER FILE\n");
    return 2;
  }
  const auto page = thimble::compiler::OperatorTable(argv[1]);
  if (!page) {
    std::fprintf(stderr, "%s\n", page.error().message.c_str());
    return thimble::ExitCode(page.error().status);
  }
  return (std::ofstream(argv[2]) << *page).flush() ? 0 : 1;
}
