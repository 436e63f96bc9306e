/* Thimble for firmware in C99: load a .tflite where it lies, run it. No heap, no globals; runtime/network.h says more.
 *
 *   static const thimble_operator* const operators[] = {&thimble_operator_FullyConnected};
 *   static _Alignas(16) unsigned char arena[112];
 *   static thimble_network network;
 *
 *   if (thimble_network_load(&network, model, model_bytes, operators, 1, arena, sizeof arena, NULL) != 0) ...
 *   ((int8_t*)thimble_network_input(&network, 0).data)[0] = 42;
 *   thimble_network_invoke(&network);
 *   int8_t answer = ((int8_t*)thimble_network_output(&network, 0).data)[0];
 */
#ifndef THIMBLE_RUNTIME_THIMBLE_H_
#define THIMBLE_RUNTIME_THIMBLE_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One operator. A program contains those that it names, and no others. */
typedef struct thimble_operator thimble_operator;
#define OP(type) extern const thimble_operator thimble_operator_##type;
#include "kernels/ops.inc"
#undef OP

/* A loaded model. What is inside is not for the program; it must not be moved in memory while it is used. */
typedef struct thimble_network {
  void* inside[36];
} thimble_network;

/* Why a model was refused. */
typedef struct thimble_fault {
  int reason;         /* thimble_reason_text has the sentence */
  int subgraph_index; /* to which the next two belong */
  int operator_index; /* in the order of execution, or -1 */
  int tensor_index;   /* in the model's tensor list, or -1 */
  uint32_t byte;      /* position in the file, for damage of its structure */
} thimble_fault;

/* Element types, with the numbers of TFLite's TensorType. */
typedef enum thimble_type {
  THIMBLE_FLOAT32 = 0,
  THIMBLE_INT32 = 2,
  THIMBLE_UINT8 = 3,
  THIMBLE_INT64 = 4,
  THIMBLE_BOOL = 6,
  THIMBLE_INT16 = 7,
  THIMBLE_INT8 = 9
} thimble_type;

/* An input or output. real = scale * (stored - zero_point); a scale of 0 means that it is not quantised. */
typedef struct thimble_tensor {
  void* data;
  size_t size_bytes;
  thimble_type type;
  const int32_t* dims; /* outermost first, in the model */
  int rank;
  float scale;
  int32_t zero_point;
} thimble_tensor;

/* Verifies the model completely and plans the arena; both must begin at a multiple of 16 and outlive the network.
 * `fault` may be NULL. 0, or a status (thimble_status_text); then the network must not be used. */
int thimble_network_load(thimble_network* network, const void* model, size_t model_bytes,
                         const thimble_operator* const* operators, size_t operator_count, void* arena,
                         size_t arena_bytes, thimble_fault* fault);

/* Computes the outputs from the inputs, which may be overwritten: fill them anew each time. 0, or a status if the model
 * loops and did not come to an end. */
int thimble_network_invoke(thimble_network* network);

/* Forgets: variables are as they were after loading. */
void thimble_network_reset(thimble_network* network);

int thimble_network_input_count(const thimble_network* network);
int thimble_network_output_count(const thimble_network* network);

/* 0 <= index < count. */
thimble_tensor thimble_network_input(const thimble_network* network, int index);
thimble_tensor thimble_network_output(const thimble_network* network, int index);

/* What loading took of the arena: exactly enough, and the same number on a laptop and on a 32-bit device. */
size_t thimble_network_arena_bytes(const thimble_network* network);

/* Sentences for people. A program that does not call these has no text. */
const char* thimble_status_text(int status);
const char* thimble_reason_text(int reason);

#ifdef __cplusplus
}
#endif

#endif /* THIMBLE_RUNTIME_THIMBLE_H_ */
