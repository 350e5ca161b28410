// Kept bodies as replies are made of them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "backend/http.h"
#include "backend/key_file.h"
#include "backend/object_cipher.h"
#include "backend/object_files.h"

namespace insitu {

// A body as it lies on the disk.
class StoredBody final : public BodySource {
 public:
  explicit StoredBody(std::shared_ptr<BodyFile> file) : file_(std::move(file)) {}

  uint64_t size() const override { return static_cast<uint64_t>(file_->bytes()); }
  Result<size_t> Read(std::span<char> out) override { return file_->Read(out); }

 private:
  const std::shared_ptr<BodyFile> file_;
};

// The body that the server sealed, opened as it is read; a chunk that does not open ends it. Null
// if not even its header is right. The keys are used only here.
std::shared_ptr<BodySource> OpenSealedBody(const KeyFile& keys, const ObjectPart& part,
                                           std::shared_ptr<BodyFile> file);

}  // namespace insitu
