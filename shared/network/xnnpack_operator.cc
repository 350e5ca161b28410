#include "shared/network/xnnpack_operator.h"

#include <xnnpack.h>

#include "shared/limits.h"

namespace insitu {

static_assert(kReadPastEnd * sizeof(float) >= XNN_EXTRA_BYTES);

namespace {

struct OperatorDeleter {
  void operator()(xnn_operator_t op) const { xnn_delete_operator(op); }
};
using OperatorPtr = std::unique_ptr<xnn_operator, OperatorDeleter>;

Status Check(xnn_status status, const char* step) {
  if (status == xnn_status_success) return {};
  if (status == xnn_status_out_of_memory) {
    return Fail(ErrorCode::kOutOfMemory, "There is not enough memory to run the model.");
  }
  return Fail(ErrorCode::kModelUnsupported, "The model cannot be run: XNNPACK refused to ", step,
              " an operator (status ", static_cast<int>(status), ").");
}

class Convolution final : public Operation {
 public:
  Convolution(OperatorPtr op, const ConvolutionSpec& spec)
      : op_(std::move(op)),
        items_(spec.items),
        height_(spec.window.input[0]),
        width_(spec.window.input[1]) {}

  Status Bind(int batch, std::span<const Operand> inputs, float* output, int64_t) override {
    size_t workspace_size = 0;
    size_t workspace_alignment = 1;
    RETURN_IF_ERROR(Check(
        xnn_reshape_convolution2d_nhwc_f32(
            op_.get(), static_cast<size_t>(items_ * batch), static_cast<size_t>(height_),
            static_cast<size_t>(width_), &workspace_size, &workspace_alignment,
            /*output_height_out=*/nullptr, /*output_width_out=*/nullptr, /*threadpool=*/nullptr),
        "shape"));
    if (workspace_size > workspace_.size() * sizeof(float)) {
      workspace_.resize(workspace_size / sizeof(float) + kWorkspaceAlignment / sizeof(float) + 1);
    }
    void* workspace = workspace_.data();
    size_t room = workspace_.size() * sizeof(float);
    if (workspace_size > 0) std::align(kWorkspaceAlignment, workspace_size, workspace, room);
    return Check(xnn_setup_convolution2d_nhwc_f32(op_.get(), workspace, inputs[0].data, output),
                 "set up");
  }

  // Binding has checked all that can fail.
  void Run() override { xnn_run_operator(op_.get(), nullptr); }

 private:
  static constexpr size_t kWorkspaceAlignment = 64;
  OperatorPtr op_;
  int64_t items_;
  int64_t height_;
  int64_t width_;
  std::vector<float> workspace_;
};

class Dense final : public Operation {
 public:
  Dense(OperatorPtr op, int64_t rows) : op_(std::move(op)), rows_(rows) {}

  Status Bind(int batch, std::span<const Operand> inputs, float* output, int64_t) override {
    RETURN_IF_ERROR(Check(
        xnn_reshape_fully_connected_nc_f32(op_.get(), static_cast<size_t>(rows_ * batch), nullptr),
        "shape"));
    return Check(xnn_setup_fully_connected_nc_f32(op_.get(), inputs[0].data, output), "set up");
  }

  void Run() override { xnn_run_operator(op_.get(), nullptr); }

 private:
  OperatorPtr op_;
  int64_t rows_;
};

// Once a process; XNNPACK's own call is idempotent and keeps its configuration for good.
Status Initialize() { return Check(xnn_initialize(nullptr), "start"); }

uint32_t U32(int64_t value) { return static_cast<uint32_t>(value); }
size_t Size(int64_t value) { return static_cast<size_t>(value); }

}  // namespace

Result<std::unique_ptr<Operation>> MakeConvolution(const ConvolutionSpec& spec) {
  RETURN_IF_ERROR(Initialize());
  const Window& w = spec.window;
  xnn_operator_t op = nullptr;
  RETURN_IF_ERROR(Check(
      xnn_create_convolution2d_nhwc_f32(
          U32(w.pad_begin[0]), U32(w.pad_end[1]), U32(w.pad_end[0]), U32(w.pad_begin[1]),
          U32(w.kernel[0]), U32(w.kernel[1]), U32(w.stride[0]), U32(w.stride[1]),
          U32(w.dilation[0]), U32(w.dilation[1]), U32(spec.groups), Size(spec.group_inputs),
          Size(spec.group_outputs), Size(spec.groups * spec.group_inputs),
          Size(spec.groups * spec.group_outputs), spec.weights, spec.bias, spec.clamp.low,
          spec.clamp.high, /*flags=*/0, /*code_cache=*/nullptr, /*weights_cache=*/nullptr, &op),
      "make"));
  return std::unique_ptr<Operation>(std::make_unique<Convolution>(OperatorPtr(op), spec));
}

Result<std::unique_ptr<Operation>> MakeDense(const DenseSpec& spec) {
  RETURN_IF_ERROR(Initialize());
  xnn_operator_t op = nullptr;
  RETURN_IF_ERROR(Check(
      xnn_create_fully_connected_nc_f32(Size(spec.inputs), Size(spec.outputs), Size(spec.inputs),
                                        Size(spec.outputs), spec.weights, spec.bias, spec.clamp.low,
                                        spec.clamp.high, /*flags=*/0,
                                        /*code_cache=*/nullptr, /*weights_cache=*/nullptr, &op),
      "make"));
  return std::unique_ptr<Operation>(std::make_unique<Dense>(OperatorPtr(op), spec.rows));
}

}  // namespace insitu
