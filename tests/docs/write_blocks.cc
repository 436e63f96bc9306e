// Writes the pages of docs/blocks/ anew: write_blocks DSP_FOLDER FOLDER.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/docs/block_pages.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: write_blocks DSP_FOLDER FOLDER\n");
    return 2;
  }
  const auto pages = thimble::docs::BlockPages(argv[1]);
  if (!pages) {
    std::fprintf(stderr, "%s\n", pages.error().message.c_str());
    return thimble::ExitCode(pages.error().status);
  }
  for (const auto& [name, text] : *pages) {
    if (!(std::ofstream(std::filesystem::path(argv[2]) / name) << text).flush()) {
      std::fprintf(stderr, "%s/%s cannot be written\n", argv[2], name.c_str());
      return 1;
    }
  }
  return 0;
}
