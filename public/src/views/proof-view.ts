// What the browser counted on the network since the shown image came in.
import type { NetworkRequest } from "../messages.ts";
import { byteCount, proofDetail, proofSentence } from "../wording.ts";
import { byId, element, part } from "./parts.ts";

export class ProofView {
  readonly element = byId("proof", HTMLElement);

  // requests: null where the browser does not tell. note: what the account did meanwhile.
  update(shown: boolean, requests: NetworkRequest[] | null, note: string): void {
    this.element.hidden = !shown;
    this.element.dataset["quiet"] = String(requests?.length === 0);
    part(this.element, "sentence").textContent = proofSentence(requests, note !== "");
    part(this.element, "detail").textContent = `${proofDetail(requests)} ${note}`;
    const list = part(this.element, "requests");
    list.hidden = requests === null || requests.length === 0;
    list.replaceChildren(
      ...(requests ?? []).map(({ url, receivedBytes }) =>
        element("li", "", `${url} (${byteCount(receivedBytes)} received)`),
      ),
    );
  }
}
