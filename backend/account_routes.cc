#include "backend/account_routes.h"

#include <iterator>

#include "backend/limits.h"

namespace insitu {

std::vector<Route> AccountRoutes(Accounts* accounts) {
  std::vector<Route> routes = SignInRoutes(accounts);
  for (std::vector<Route> more :
       {CredentialRoutes(accounts), RecoveryRoutes(accounts), OwnDataRoutes(accounts)}) {
    routes.insert(routes.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  }
  return routes;
}

Route OpenRoute(std::string_view method, std::string_view pattern, Accounts* accounts,
                Response (*handler)(Accounts&, const Request&)) {
  // GET takes no body.
  return {method, pattern, method == "GET" ? 0 : kMaxJsonBytes, false,
          [accounts, handler](const Request& request, const PathParameters&) {
            return handler(*accounts, request);
          }};
}

}  // namespace insitu
