// A network without images or known answer around it, so that the benches can time any ONNX file at
// any batch in the real WebAssembly, on any numbers; natively, a program that does so.
#include "tests/bench/network_bench.h"

#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "shared/network/network.h"

namespace {

struct Loaded {
  insitu::Network network;
  int batch = 0;
  std::vector<float> input;
  std::vector<float> output;
  std::vector<insitu::StepInfo> steps;
  std::vector<double> step_ms;  // of all profiled runs so far
};

std::optional<Loaded> loaded;

size_t Count(const insitu::PlannedEnd& end) {
  return static_cast<size_t>(insitu::ElementCount(end.shape));
}

// What one reading of the clock takes: in a page .4 µs and more, of steps that take 2.
double ReadingMs() {
  constexpr int kReadings = 16;
  const double start = insitu::NowMs();
  double end = start;
  for (int i = 0; i < kReadings; ++i) end = insitu::NowMs();
  return (end - start) / kReadings;
}

}  // namespace

extern "C" {

void* bench_alloc(size_t size) { return std::malloc(size); }

int bench_load(const uint8_t* model, size_t size, int batch) {
  loaded.reset();
  auto onnx = insitu::ReadOnnx({model, size}, insitu::Halves::kRefer);
  if (!onnx.ok()) return 1;
  auto network = insitu::Network::Create(std::move(onnx.value()), insitu::PlanOptions::ForImages());
  if (!network.ok()) return 2;
  loaded.emplace(std::move(network.value()));
  if (!loaded->network.Reserve(batch).ok()) return 3;
  const auto items = static_cast<size_t>(batch);
  loaded->batch = batch;
  loaded->input.resize(items * Count(loaded->network.inputs()[0]));
  loaded->output.resize(items * Count(loaded->network.outputs()[0]));
  loaded->steps = loaded->network.Steps();
  loaded->step_ms.assign(loaded->steps.size(), 0);
  uint32_t state = 1;
  for (float& value : loaded->input) {
    state = state * 1664525 + 1013904223;
    value = static_cast<float>(state) / 0x1p31F - 1;
  }
  return 0;
}

float* bench_input() { return loaded->input.data(); }
const float* bench_output() { return loaded->output.data(); }
int bench_output_count() { return static_cast<int>(loaded->output.size()); }

float bench_run(int batch, int times) {
  for (int i = 0; i < times; ++i) {
    if (!loaded->network.Run(batch, loaded->input, loaded->output).ok()) return __builtin_nanf("");
  }
  return loaded->output[0];
}

int bench_profile(int times) {
  if (!loaded->network.Run(loaded->batch, loaded->input, loaded->output).ok()) return -1;
  const double reading = ReadingMs();
  for (int i = 0; i < times; ++i) {
    double before = insitu::NowMs();
    for (size_t step = 0; step < loaded->steps.size(); ++step) {
      for (int items = 0; items < loaded->batch; items += loaded->network.reserved()) {
        loaded->network.RunStep(step);  // of a part of the batch, which runs in parts
      }
      const double after = insitu::NowMs();
      loaded->step_ms[step] += after - before - reading;
      before = after;
    }
  }
  return static_cast<int>(loaded->steps.size());
}

const char* bench_step_name(int step) {
  static std::string name;
  const insitu::StepInfo& info = loaded->steps[static_cast<size_t>(step)];
  name = info.op + " " + info.name;
  return name.c_str();
}

double bench_step_ms(int step) { return loaded->step_ms[static_cast<size_t>(step)]; }

double bench_step_multiply_adds(int step) {
  return static_cast<double>(loaded->steps[static_cast<size_t>(step)].multiply_adds);
}

}  // extern "C"

#ifndef __EMSCRIPTEN__

// network_bench MODEL.onnx BATCH, then on standard input how many milliseconds to run for, a line
// each; it answers with the runs in that time and the milliseconds that they took.
#include <fstream>
#include <iostream>
#include <iterator>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "Usage: network_bench MODEL.onnx BATCH\n";
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const std::vector<char> model{std::istreambuf_iterator<char>(file), {}};
  const int batch = std::atoi(argv[2]);
  const auto* bytes = reinterpret_cast<const uint8_t*>(model.data());
  if (const int status = bench_load(bytes, model.size(), batch); status != 0) {
    std::cerr << "It does not load " << argv[1] << " (" << status << ").\n";
    return 1;
  }
  double span = 0;
  while (std::cin >> span) {
    const double start = insitu::NowMs();
    int runs = 0;
    double passed = 0;
    do {
      if (std::isnan(bench_run(batch, 1))) {
        std::cerr << "A run failed.\n";
        return 1;
      }
      ++runs;
      passed = insitu::NowMs() - start;
    } while (passed < span);
    std::cout << runs << ' ' << passed << std::endl;
  }
  return 0;
}

#endif
