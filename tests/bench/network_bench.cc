// A network without images or known answer around it, so that network.mjs can time any ONNX file at
// any batch, in the real WebAssembly.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

#include "shared/network/network.h"

namespace {

struct Loaded {
  insitu::Network network;
  std::vector<float> input;
  std::vector<float> output;
};

std::optional<Loaded> loaded;

}  // namespace

extern "C" {

void* bench_alloc(size_t size) { return std::malloc(size); }

// Fills the input with numbers in [-1, 1). 0 when the network is ready.
int bench_load(const uint8_t* model, size_t size, int batch) {
  loaded.reset();
  auto onnx = insitu::ReadOnnx({model, size});
  if (!onnx.ok()) return 1;
  auto network = insitu::Network::Create(std::move(onnx.value()), insitu::PlanOptions::ForImages());
  if (!network.ok()) return 2;
  loaded.emplace(std::move(network.value()));
  if (!loaded->network.Reserve(batch).ok()) return 3;
  const auto items = static_cast<size_t>(batch);
  const auto count = [](const auto& end) {
    return static_cast<size_t>(insitu::ElementCount(end.shape));
  };
  loaded->input.resize(items * count(loaded->network.inputs()[0]));
  loaded->output.resize(items * count(loaded->network.outputs()[0]));
  uint32_t state = 1;
  for (float& value : loaded->input) {
    state = state * 1664525 + 1013904223;
    value = static_cast<float>(state) / 0x1p31F - 1;
  }
  return 0;
}

// Runs the batch as many times as asked; returns the last output's first value, or NaN.
float bench_run(int batch, int times) {
  for (int i = 0; i < times; ++i) {
    if (!loaded->network.Run(batch, loaded->input, loaded->output).ok()) return __builtin_nanf("");
  }
  return loaded->output[0];
}

}  // extern "C"
