// A new cover for many products: sent as it is chosen, its address goes into the field.

import { toast } from "lingfeng/toast";

document.querySelector("[data-cover]")?.addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  const form = new FormData();
  form.append("file", file);
  const answer = await fetch("/api/v1/backoffice/pictures", {
    method: "POST",
    body: form,
    headers: {
      "X-CSRF-Token": document.querySelector('meta[name="csrf-token"]')?.content ?? "",
      "Accept-Language": document.documentElement.lang,
    },
  });
  const told = await answer.json();
  if (answer.ok) document.querySelector("[name=picture]").value = told.url;
  else toast(told.error?.message ?? String(answer.status), { tone: "bad" });
});
