#include "backend/http.h"

#include <algorithm>

#include "shared/str_cat.h"

namespace insitu {
namespace {

char LowerCase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

const char* ErrorSentence(int status) {
  switch (status) {
    case 400:
      return "The request is not valid HTTP.";
    case 403:
      return "This can only be asked by a page of this server.";
    case 404:
      return "There is no page at this address. The start page is at /.";
    case 405:
      return "This address can only be read (GET or HEAD).";
    case 408:
      return "The request took too long to arrive. Send it again.";
    case 411:
      return "The data in a request needs a Content-Length.";
    case 413:
      return "This address takes no data, or less of it.";
    case 414:
      return "The address is too long.";
    case 415:
      return "The data in the request is not of a kind that this address takes.";
    case 417:
      return "The only expectation that is met is 100-continue.";
    case 431:
      return "The request has too many or too long headers.";
    case 500:
      return "The server failed on this request. Its error log says why.";
    case 501:
      return "The request's transfer coding is not supported.";
    case 503:
      return "The server cannot answer now. Try again soon.";
    case 505:
      return "This server speaks HTTP/1.0 and HTTP/1.1.";
    default:
      return "The request cannot be answered.";
  }
}

}  // namespace

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return LowerCase(x) == LowerCase(y); });
}

std::optional<std::string> Request::Find(std::string_view name) const {
  std::optional<std::string> joined;
  for (const Header& header : headers) {
    if (!EqualsIgnoringCase(header.name, name)) continue;
    joined = joined ? StrCat(*joined, ", ", header.value) : header.value;
  }
  return joined;
}

Response ErrorReply(int status) {
  Response reply;
  reply.status = status;
  reply.content_type = "text/plain; charset=utf-8";
  reply.headers = {{"Cache-Control", "no-store"}};
  reply.body =
      std::make_shared<const std::string>(StrCat(status, ": ", ErrorSentence(status), "\n"));
  return reply;
}

}  // namespace insitu
