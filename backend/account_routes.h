// The routes of people and their accounts: /api/config to /api/account. backend/openapi.json says
// what each takes and answers.
#pragma once

#include <vector>

#include "backend/accounts.h"
#include "backend/router.h"

namespace insitu {

// The accounts must outlive the routes.
std::vector<Route> AccountRoutes(Accounts* accounts);

// Its parts, each a file of its own: signing up, in and out; password and second factor; getting
// back in without them; one's sessions, settings, export and end.
std::vector<Route> SignInRoutes(Accounts* accounts);
std::vector<Route> CredentialRoutes(Accounts* accounts);
std::vector<Route> RecoveryRoutes(Accounts* accounts);
std::vector<Route> OwnDataRoutes(Accounts* accounts);

// A route with a JSON body for a handler that needs nobody signed in.
Route OpenRoute(std::string_view method, std::string_view pattern, Accounts* accounts,
                Response (*handler)(Accounts&, const Request&));

}  // namespace insitu
