// Owns what open(), socket() and the like return, and writes to it.
#pragma once

#include <span>

namespace insitu {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;  // owns the descriptor
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }
  bool open() const { return number_ >= 0; }
  int Release();  // to another owner; not open from here on

 private:
  int number_;  // negative: none
};

// Writes all of it to a file, however often that is interrupted; false with errno set if it cannot.
bool WriteAll(int file, std::span<const char> bytes);

}  // namespace insitu
