// The API document, to be searched and tried: Swagger UI over openapi.yaml, with the token that the console has.

import { begin, renew, token } from "./core/session.js";

const EXAMPLE_SERVER = "https://api.example.com"; // of the document; here the API is on the page's own origin
const SEARCH = "Search operations";

/** The operations that have every word of the phrase in their address, name or description. */
function search(tags, phrase) {
  const words = phrase.toLowerCase().split(/\s+/);
  const found = (operation) => {
    const text = [
      operation.get("method"),
      operation.get("path"),
      ...["operationId", "summary", "description"].map((name) => operation.getIn(["operation", name], "")),
    ].join(" ");
    return words.every((word) => text.toLowerCase().includes(word));
  };
  return tags
    .map((tag) => tag.update("operations", (operations) => operations.filter(found)))
    .filter((tag) => tag.get("operations").size > 0);
}

function onOwnOrigin(answer) {
  if (answer.url.endsWith("/openapi.yaml")) answer.text = answer.text.replace(EXAMPLE_SERVER, location.origin);
  return answer;
}

function show() {
  const page = SwaggerUIBundle({
    url: "openapi.yaml",
    dom_id: "#document",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    filter: true,
    plugins: [{ fn: { opsFilter: search } }],
    validatorUrl: null, // nobody else is asked
    responseInterceptor: async (answer) => {
      if (answer.status === 401) {
        await renew();
        page.preauthorizeApiKey("bearer", token()); // good for the next try
      }
      return onOwnOrigin(answer);
    },
    onComplete: () => {
      page.preauthorizeApiKey("bearer", token());
      const field = document.querySelector(".operation-filter-input");
      field.placeholder = SEARCH;
      field.setAttribute("aria-label", SEARCH);
    },
  });
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const followSystem = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followSystem);
followSystem();

try {
  await begin();
  show();
} catch (error) {
  document.getElementById("document").textContent = error.message;
}
