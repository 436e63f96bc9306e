// Writes docs/api.md anew: write_api FILE.
#include <cstdio>
#include <fstream>

#include "studio/server/api/api_routes.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_api FILE\n");
    return 2;
  }
  if (!(std::ofstream(argv[1]) << thimble::studio::ApiPageOf(thimble::studio::DescribedRoutes())).flush()) {
    std::fprintf(stderr, "%s cannot be written\n", argv[1]);
    return 1;
  }
  return 0;
}
