// network_bench.cc and peak_kernel.cc, as pages/network_wasm.ts and the native program call them.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

void* bench_alloc(size_t size);

// Fills the input with numbers in [-1, 1). 0 when the network is ready.
int bench_load(const uint8_t* model, size_t size, int batch);

// (batch, height, width, channels) f32, to be written before a run.
float* bench_input();

// (batch, …) f32 in ONNX's order, of the last run.
const float* bench_output();
int bench_output_count();

// Runs the batch as many times as asked; returns the last output's first value, or NaN.
float bench_run(int batch, int times);

// Runs every step that many times, in order, on the memory of a run before, and adds up what each
// takes, less what the reading of the clock does. Returns the number of steps, or -1.
int bench_profile(int times);
const char* bench_step_name(int step);  // valid until the next call
double bench_step_ms(int step);
double bench_step_multiply_adds(int step);

// Floating-point operations of one round of the peak kernels below.
int peak_operations();

// So many rounds on numbers that stay in registers: a multiply-add in one instruction (0 where the
// build has none), and in two. They return a sum, so that nothing is left out.
float peak_madd(int rounds);
float peak_multiply_and_add(int rounds);

}  // extern "C"
