/* What firmware in C does with a model; called by thimble_test.cc, and compiled for the device too. */
#include "runtime/thimble.h"

int RunReluTwiceFromC(const void* model, size_t model_bytes, void* arena, size_t arena_bytes, float* values, int count,
                      thimble_fault* fault);

/* Runs values through the model, its outputs through it again, and leaves those in values: 0, or a status. */
int RunReluTwiceFromC(const void* model, size_t model_bytes, void* arena, size_t arena_bytes, float* values, int count,
                      thimble_fault* fault) {
  static const thimble_operator* const operators[] = {&thimble_operator_Relu, &thimble_operator_Svdf};
  thimble_network network;
  int status = thimble_network_load(&network, model, model_bytes, operators, 2, arena, arena_bytes, fault);
  if (status != 0) return status;
  if (thimble_network_arena_bytes(&network) > arena_bytes) return -1;
  if (thimble_network_input_count(&network) != 1 || thimble_network_output_count(&network) != 1) return -2;
  for (int run = 0; run < 2; ++run) {
    const thimble_tensor input = thimble_network_input(&network, 0);
    if (input.type != THIMBLE_FLOAT32 || input.size_bytes != (size_t)count * sizeof(float)) return -3;
    for (int i = 0; i < count; ++i) ((float*)input.data)[i] = values[i];
    status = thimble_network_invoke(&network);
    if (status != 0) return status;
    const thimble_tensor output = thimble_network_output(&network, 0);
    if (output.rank != 2 || output.dims[1] != count || output.scale != 0) return -4;
    for (int i = 0; i < count; ++i) values[i] = ((const float*)output.data)[i] - 1;
  }
  thimble_network_reset(&network);
  return 0;
}
