// A network without images or known answer around it, so that networks.ts can time any ONNX file at
// any batch and profile.ts each of its steps, in the real WebAssembly. Natively it is a program of
// its own that prints the profile:   network_bench MODEL.onnx BATCH…
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

#include "shared/network/network.h"
#include "shared/str_cat.h"

namespace {

struct Loaded {
  insitu::Network network;
  std::vector<float> input;
  std::vector<float> output;
};

std::optional<Loaded> loaded;
std::string description;

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

// A line for each step: operator, output's shape, multiply-adds of one item. Zero-terminated.
const char* bench_describe() {
  description.clear();
  for (const insitu::StepInfo& step : loaded->network.Steps()) {
    description += insitu::StrCat(step.op, "\t", insitu::ShapeText(step.output), "\t",
                                  step.multiply_adds, "\n");
  }
  return description.c_str();
}

// Items that run at a time: fewer than the batch where that is faster.
int bench_items() { return loaded->network.reserved(); }

// Runs one step of the items that were run last.
void bench_step(int step) { loaded->network.RunStep(static_cast<size_t>(step)); }

int64_t bench_arena_bytes() { return loaded->network.ArenaBytes(); }

}  // extern "C"

#ifndef __EMSCRIPTEN__

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>

namespace {

constexpr int kRounds = 200;

double Microseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::micro>(now).count();
}

// The least time of each step, the steps run one after the other as in a run.
void PrintProfile(int batch) {
  bench_run(batch, 10);
  std::vector<double> least(loaded->network.Steps().size(), 1e9);
  for (int round = 0; round < kRounds; ++round) {
    for (size_t step = 0; step < least.size(); ++step) {
      const double start = Microseconds();
      bench_step(static_cast<int>(step));
      least[step] = std::min(least[step], Microseconds() - start);
    }
  }
  std::istringstream lines(bench_describe());
  std::string line;
  double sum = 0;
  for (const double of_step : least) {
    std::getline(lines, line);
    const double one = of_step / bench_items();
    sum += one;
    std::printf("  %9.2f us  %s\n", one, line.c_str());
  }
  std::printf("  %9.2f us  an item of a batch of %d\n", sum, batch);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  std::ifstream file(arguments[1], std::ios::binary);
  const std::vector<char> model{std::istreambuf_iterator<char>(file), {}};
  for (int i = 2; i < count; ++i) {
    const int batch = std::atoi(arguments[i]);
    const auto* bytes = reinterpret_cast<const uint8_t*>(model.data());
    if (batch < 1 || bench_load(bytes, model.size(), batch) != 0) return 1;
    std::printf("%s, batch %d\n", arguments[1], batch);
    PrintProfile(batch);
  }
}

#endif
