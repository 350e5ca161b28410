// What a model file is written with and found by again: field numbers of onnx.proto (ONNX IR
// version 8), and keys of its metadata (shared/model_info.h).
#pragma once

#include <cstddef>
#include <string_view>

namespace insitu {

enum ModelField { kIrVersion = 1, kProducer = 2, kGraph = 7, kOpsetImport = 8, kMetadata = 14 };
enum EntryField { kEntryKey = 1, kEntryValue = 2 };
enum GraphField { kNode = 1, kGraphName = 2, kInitializer = 5, kInput = 11, kOutput = 12 };
enum NodeField { kNodeInput = 1, kNodeOutput = 2, kNodeName = 3, kOpType = 4, kAttribute = 5 };
enum AttributeField { kAttributeName = 1, kInteger = 3, kIntegers = 8, kAttributeType = 20 };
enum AttributeType { kTypeInteger = 2, kTypeIntegers = 7 };
enum TensorField { kDims = 1, kDataType = 2, kTensorName = 8, kRawData = 9 };
enum ElementType { kFloat = 1, kInt64 = 7, kFloat16 = 10 };

inline constexpr std::string_view kKnownAnswerKey = "insitu.known_answer";
inline constexpr std::string_view kSelfSha256Key = "insitu.self_sha256";
inline constexpr size_t kSha256Digits = 64;

}  // namespace insitu
