// Comparing planned networks with the interpreter, for tests.
#ifndef THIMBLE_COMPILER_PLANNED_RUNS_H_
#define THIMBLE_COMPILER_PLANNED_RUNS_H_

#include <gtest/gtest.h>

#include <cstring>

#include "base/random.h"
#include "runtime/network.h"

namespace thimble::compiler {

/// Numbers that make sense to most models: small ones where they may be indices or limits.
inline void Fill(Random& random, const kernels::Tensor& tensor) {
  for (int i = 0; i < tensor.shape.Count(); ++i) {
    switch (tensor.type) {
      case kernels::Type::kFloat32:
        tensor.As<float>()[i] = static_cast<float>(random.Below(40)) / 4;
        break;
      case kernels::Type::kBool:
        tensor.As<uint8_t>()[i] = static_cast<uint8_t>(random.Below(2));
        break;
      case kernels::Type::kInt32:
        tensor.As<int32_t>()[i] = static_cast<int32_t>(random.Below(10));
        break;
      case kernels::Type::kInt64:
        tensor.As<int64_t>()[i] = static_cast<int64_t>(random.Below(10));
        break;
      case kernels::Type::kInt16:
        tensor.As<int16_t>()[i] = static_cast<int16_t>(random.Next());
        break;
      default:
        tensor.As<uint8_t>()[i] = static_cast<uint8_t>(random.Next());
    }
  }
}

/// Both networks run several times from fresh state, with the same random inputs.
template <typename Planned>
void ExpectTheSame(runtime::Network& network, Planned& planned, int runs) {
  using kernels::Tensor;
  Random random(7);
  network.Reset();
  planned.Reset();
  ASSERT_EQ(planned.input_count(), network.input_count());
  ASSERT_EQ(planned.output_count(), network.output_count());
  for (int run = 0; run < runs; ++run) {
    for (int i = 0; i < network.input_count(); ++i) {
      const Tensor here = network.input(i), there = planned.input(i);
      ASSERT_EQ(here.type, there.type);
      ASSERT_TRUE(here.shape == there.shape);
      Fill(random, here);
      if (here.SizeBytes() > 0) std::memcpy(there.data, here.data, here.SizeBytes());
    }
    ASSERT_TRUE(ok(network.Invoke()));
    // With and without somebody who looks on.
    int seen = 0;
    ASSERT_TRUE(ok(run % 2 == 0 ? planned.Invoke() : planned.Invoke([&seen](int step) { EXPECT_EQ(step, seen++); })));
    for (int i = 0; i < network.output_count(); ++i) {
      const Tensor here = network.output(i), there = planned.output(i);
      ASSERT_EQ(here.SizeBytes(), there.SizeBytes());
      EXPECT_EQ(here.scale_count, there.scale_count);
      EXPECT_EQ(here.zero_point, there.zero_point);
      if (here.SizeBytes() == 0) continue;
      ASSERT_EQ(std::memcmp(here.data, there.data, here.SizeBytes()), 0) << "output " << i << " of run " << run;
    }
  }
}

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_PLANNED_RUNS_H_
