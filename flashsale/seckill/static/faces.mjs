// What the island shows, as functions of what is known. The markup is that of seckill/item.html, so that waking moves nothing.

import { html } from "htm/preact";

/** Texts, icons and figures in the page's language. */
export function tongue({ texts, sprite, blank }) {
  const english = document.documentElement.lang.startsWith("en");
  const t = (text, values = {}) =>
    Object.entries(values).reduce((said, [name, value]) => said.replaceAll(`{${name}}`, value), texts[text] ?? text);
  const icon = (name) => html`<svg class="icon" aria-hidden="true"><use href="${sprite}#${name}" /></svg>`;
  // What a thing costs, without the fen that are none; a sum, and what pays it, has every fen written out: `exact`.
  const money = (fen) => {
    const whole = Math.floor(fen / 100).toLocaleString("en");
    return fen % 100 ? `${whole}.${String(fen % 100).padStart(2, "0")}` : whole;
  };
  const exact = (fen) => `¥${Math.floor(fen / 100).toLocaleString("en")}.${String(fen % 100).padStart(2, "0")}`;
  const price = (fen, size = "", whole = false) => {
    const cents = whole || fen % 100 ? html`<i>.${String(fen % 100).padStart(2, "0")}</i>` : null;
    return html`<span class=${`price ${size}`}><i>¥</i>${Math.floor(fen / 100).toLocaleString("en")}${cents}</span>`;
  };
  const moment = (at, options) =>
    new Intl.DateTimeFormat(english ? "en-GB" : "zh-CN", { timeZone: "Asia/Shanghai", hour12: false, ...options }).format(at);
  // "今天 20:00", so that nobody has to know the date.
  const when = (at, now) => {
    const day = (ms) => new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(ms);
    const hour = moment(at, { hour: "2-digit", minute: "2-digit" });
    if (day(at) === day(now)) return t("今天 {at}", { at: hour });
    return day(at) === day(now + 86_400_000) ? t("明天 {at}", { at: hour }) : `${day(at).slice(5)} ${hour}`;
  };
  return { blank, when, t, icon, money, exact, price, moment, day: t(" 天 ") };
}

const two = (n) => String(n).padStart(2, "0");

/** A countdown in the design's figures; the island draws it anew each second, by the server's clock. */
function clock(until, now, { label, big = false, short = false, day }) {
  const rest = Math.max(0, Math.ceil((until - now) / 1000));
  const days = Math.floor(rest / 86400);
  const hours = days ? Math.floor(rest / 3600) % 24 : Math.floor(rest / 3600);
  const parts = [two(Math.floor(rest / 60) % 60), two(rest % 60)];
  if (!short || hours || days) parts.unshift(two(hours));
  const tone = rest === 0 ? " over" : rest <= 60 ? " last" : "";
  return html`<time class=${`clock${big ? " big" : ""}${tone}`} role="timer" aria-label=${label} datetime=${new Date(until).toISOString()}>
    ${days ? html`<b>${days}</b>${day}` : null}${parts.map((part, at) => html`${at ? ":" : ""}<b>${part}</b>`)}</time>`;
}

const note = (v, tone, icon, body, role) =>
  html`<p class=${`note ${tone}`} role=${role}>${v.icon(icon)}<span>${body}</span></p>`;

function steps(v, at) {
  const names = [v.t("开抢"), v.t("排队"), v.t("抢到"), v.t("付款")];
  return html`<ol class="steps" aria-label=${v.t("抢购进度")}>
    ${names.map((name, n) => html`<li class=${n < at ? "done" : undefined} aria-current=${n === at ? "step" : undefined}>${name}</li>`)}
  </ol>`;
}

function stock(v, { item }) {
  const taken = item.taken_percent;
  const low = item.stock_level === "low";
  const text = low
    ? v.t("仅剩少量，已抢 {n}%", { n: taken })
    : v.t("已抢 {n}%", { n: taken });
  return html`<div class=${`stock${low ? " low" : ""}`}><progress value=${taken} max="100" aria-label=${text}></progress><span>${text}</span></div>`;
}

/** Whom and where to it goes, and the way to another address. */
function sendTo(v, { name, phone, region, detail }, way) {
  return html`<li class="done to">${v.icon("pin")}<span>${v.t("送到")} <b>${name} ${phone}</b> ${region} ${detail}</span><a class="link" href=${way}>${v.t("更换")}</a></li>`;
}

/** What has to be in place before the start; what is missing has a way to it. */
function readiness(v, s) {
  const here = encodeURIComponent(location.pathname);
  const line = (done, said, way) =>
    html`<li class=${done ? "done" : ""}>${v.icon(done ? "check" : "clock")}<span>${said}</span>${way}</li>`;
  if (!s.member) return null;
  const { ticket } = s.buyer;
  const soon = v.moment(s.opens, { hour: "2-digit", minute: "2-digit" });
  return html`<ul class="ready" aria-label=${v.t("开抢前准备")}>
    ${s.buyer.own?.has_address && s.buyer.own.send_to
      ? sendTo(v, s.buyer.own.send_to, `/me/addresses?next=${here}`)
      : line(false, v.t("还没有默认收货地址"), html`<a class="link" href=${`/me/addresses/new?next=${here}`}>${v.t("去添加")}</a>`)}
    ${ticket
      ? line(true, v.t("已登记，到点就能抢"))
      : line(false, s.now < s.opens ? v.t("{at} 起自动为你登记", { at: soon }) : v.t("正在为你登记…"))}
    ${s.item.challenge === "pow" && s.now >= s.opens ? line(s.buyer.answered, s.buyer.answered ? v.t("安全验证已做好") : v.t("正在为你做安全验证…")) : null}
  </ul>`;
}

/** Where to it goes, while one can buy. */
function reached(v, s) {
  if (!s.buyer.own.has_address) return s.buyer.refusal?.code === "address_missing" ? null : readiness(v, s);
  if (!s.buyer.own.send_to) return null; // of an order won elsewhere just now
  return html`<ul class="ready">${sendTo(v, s.buyer.own.send_to, `/me/addresses?next=${encodeURIComponent(location.pathname)}`)}</ul>`;
}

/** The captcha, where the sale demands one. */
function captcha(v, s) {
  const { image, typed, refusal } = s.buyer;
  // Its place is kept while the picture is on its way, so that nothing moves under a finger.
  if (s.item.challenge !== "captcha" || !s.member || s.buyer.step !== "idle" || s.now < s.opens) return null;
  const wrong = refusal?.code === "challenge_failed" || refusal?.code === "captcha";
  return html`<div class="captcha">
    ${image ? html`<img src=${image} alt=${v.t("验证码图片")} width="160" height="56" />` : html`<i class="blank"></i>`}
    <button type="button" class="button bare square" aria-label=${v.t("换一张")} onClick=${() => s.buyer.prepare(true)}>${v.icon("undo")}</button>
    <label class="field"><span class="unseen">${v.t("图里的五个字母或数字")}</span>
      <input value=${typed} maxlength="5" autocomplete="off" autocapitalize="characters" spellcheck=${false} enterkeyhint="done"
        placeholder=${v.t("输入图里的字符")} aria-invalid=${wrong ? "true" : undefined} onInput=${(event) => s.buyer.type(event.target.value)} /></label>
    <p class="aside" role=${wrong ? "alert" : undefined}>
      ${refusal?.code === "challenge_failed" ? v.t("没有对上，换了一张，再来一次") : refusal?.code === "captcha" ? v.t("先输入图里的五个字符") : v.t("大小写都行，提前填好，开抢不用再等")}</p>
  </div>`;
}

function quantity(v, s) {
  const most = Math.min(s.item.limit_per_member, Math.max(1, s.item.limit_per_member - (s.buyer.own?.taken ?? 0)));
  if (most < 2) return null;
  const set = (event) => s.choose(Math.min(most, Math.max(1, Number(event.target.value) || 1)));
  return html`<div class="apart"><span>${v.t("要几件")} <small class="aside">${v.t("最多 {n} 件", { n: most })}</small></span>
    <div class="stepper"><button type="button" data-step="-1" aria-label=${v.t("减一")}>${v.icon("minus")}</button>
      <input name="quantity" value=${s.quantity} min="1" max=${most} inputmode="numeric" pattern="[0-9]*" autocomplete="off" aria-label=${v.t("数量")} onChange=${set} />
      <button type="button" data-step="1" aria-label=${v.t("加一")}>${v.icon("plus")}</button></div></div>`;
}

function refusal(v, s) {
  const { code, message } = s.buyer.refusal ?? {};
  const here = encodeURIComponent(location.pathname);
  switch (code) {
    case undefined:
    case "captcha":
    case "paused":
    case "ended":
      return null;
    case "challenge_failed":
      return s.buyer.image ? null : note(v, "wait", "alert", v.t("验证没有通过，已经换了一道，再按一次就好。"), "alert");
    case "sold_out":
      return s.phase === "sold_out"
        ? note(v, "", "info", v.t("刚才这一下没抢到：货已经被拿完了。没有下单，也没有扣款。"), "status")
        : note(v, "wait", "info", v.t("剩下的不够 {n} 件，没有下单。少要些再试。", { n: s.buyer.refusal.quantity }), "status");
    case "limit_reached":
      if (!s.full) return note(v, "wait", "info", v.t("每人限购 {n} 件，你还能抢 {m} 件。", { n: s.item.limit_per_member, m: s.item.limit_per_member - (s.buyer.own?.taken ?? 0) }), "status");
      return note(v, "wait", "info", html`${v.t("你已经拿满每人限购的 {n} 件。", { n: s.item.limit_per_member })} <a class="link" href="/orders">${v.t("看我的订单")}</a>`, "status");
    case "address_missing":
      return note(v, "wait", "pin", html`<b>${v.t("还缺一个默认收货地址，没有下单。")}</b> <a class="link" href=${`/me/addresses/new?next=${here}`}>${v.t("添加后回到这里")}</a>`, "alert");
    case "attempt_void":
      return note(v, "wait", "alert", v.t("这一次没能写进订单，货已经放回。没有扣款，可以再抢一次。"), "alert");
    case "not_started":
      return note(v, "", "clock", v.t("服务器说还没到点，马上再试。"), "status");
    default:
      return s.buyer.login
        ? note(v, "wait", "user", html`${v.t("登录已经失效。")} <a class="link" href=${`/login?next=${here}`}>${v.t("重新登录")}</a>`, "alert")
        : note(v, "bad", "alert", html`${message || code} <small>(${code})</small>`, "alert");
  }
}

function got(v, s) {
  const { own } = s.buyer;
  const until = Date.parse(own.pay_before);
  const label = v.t("剩余付款时间");
  const over = s.now >= until;
  return html`${steps(v, 3)}
    <div class="got"><span class="seal">${v.icon("check")}</span><h2>${v.t("抢到了")}</h2>
      <p class="soft">${over ? v.t("付款时限到了，正在确认有没有付款…") : v.t("已为你留住 {n} 件，请在时限内付款", { n: own.quantity })}</p>
      ${clock(until, s.now, { label, big: true, short: true, day: v.day })}
      <span class="aside">${v.t("{at} 之后放给别人", { at: v.moment(until, { hour: "2-digit", minute: "2-digit", second: "2-digit" }) })}</span></div>
    <hr />
    <div class="line"><img src=${s.item.picture || v.blank} alt="" width="72" height="72" /><div><h3>${s.item.title}</h3>
      <span class="aside">${[...Object.values(s.item.specs), v.t("{n} 件", { n: own.quantity })].join("·")}</span></div></div>
    <dl class="sums"><dt>${own.quantity > 1 ? v.t("商品小计") : v.t("秒杀价")}${own.quantity > 1 && html` <small>${v.exact(own.amount / own.quantity)} × ${own.quantity}</small>`}</dt><dd>${v.exact(own.amount)}</dd><dt>${v.t("运费")}</dt><dd>${v.exact(0)}</dd>
      <dt class="total">${v.t("应付")}</dt><dd class="total">${v.price(own.amount, "", true)}</dd></dl>
    ${own.send_to !== undefined && html`<ul class="ready">${own.send_to
      ? sendTo(v, own.send_to, `/orders/${own.order_no}`)
      : html`<li>${v.icon("clock")}<span>${v.t("还没有收货地址")}</span><a class="link" href=${`/orders/${own.order_no}`}>${v.t("去选择")}</a></li>`}</ul>`}`;
}

function waiting(v, s) {
  const { step, tries } = s.buyer;
  const said =
    step === "asking" || !s.online
      ? !s.online
        ? v.t("断网了。号已经记下，连上就接着问，不会重复下单。")
        : v.t("还没拿到结果，正在用同一个号再问（第 {n} 次）。不会重复下单，不用刷新。", { n: tries })
      : step === "queued"
        ? v.t("已经进来了，正在写订单。锁屏、断网都不会丢，不用刷新。")
        : v.t("正在抢…");
  return html`${steps(v, 1)}<div class="queue"><h2>${step === "sending" ? v.t("正在抢…") : step === "queued" ? v.t("排队中") : v.t("正在确认")}</h2>
    <progress class="calm" aria-label=${v.t("等结果")}></progress></div>
    ${note(v, step === "asking" || !s.online ? "wait" : "", step === "asking" ? "alert" : "info", said, "status")}`;
}

/** The panel that says how things stand. */
export function momentFace(v, s) {
  const { buyer, item } = s;
  const ends = Date.parse(item.ends_at);
  if (buyer.step === "won") return got(v, s);
  if (buyer.step !== "idle") return waiting(v, s);
  const last = buyer.own?.status;
  const paid = last === "paid" ? note(v, "good", "check", html`<b>${v.t("你抢到的 {n} 件已付款。", { n: buyer.own.quantity })}</b> <a class="link" href=${`/orders/${buyer.own.order_no}`}>${v.t("看订单")}</a>`, "status") : null;
  // Only the clock's doing is nobody's will.
  const [why, sign] = { member: [v.t("你取消了订单，货已放回。"), "undo"], staff: [v.t("订单被取消了，货已放回。"), "info"] }[buyer.own?.cancelled_by] ?? [v.t("没有在时限内付款，货已放回。"), "clock"];
  const lost = last === "expired" ? note(v, "wait", sign, html`<b>${why}</b>${s.phase === "running" ? v.t("名额还给你了，可以再抢。") : v.t("名额还给你了。")}`, "status") : null;
  const head = (title, body) => html`<div class="apart"><h2>${title}</h2>${clock(ends, s.now, { label: v.t("距结束"), day: v.day })}</div>${body}`;
  switch (s.phase) {
    case "upcoming": {
      const starts = Date.parse(item.starts_at);
      const at = v.when(starts, s.now);
      return html`<div class="apart"><span class="soft">${v.t("{at} 开抢，还有", { at })}</span>${clock(starts, s.now, { label: v.t("距开抢"), big: true, day: v.day })}</div>
        ${captcha(v, s)}${quantity(v, s)}${readiness(v, s)}`;
    }
    case "running":
      return html`<div class="apart"><span class="soft">${v.t("距结束")}</span>${clock(ends, s.now, { label: v.t("距结束"), big: true, day: v.day })}</div>
        ${stock(v, s)}${s.restocked && !paid && !lost ? note(v, "good", "undo", html`<b>${v.t("回流了！")}</b>${v.t("有人没付款，货又放出来了。")}`, "status") : null}
        ${paid}${lost}${s.full ? null : html`${captcha(v, s)}${quantity(v, s)}`}${refusal(v, s)}
        ${s.member && !s.full && buyer.own ? reached(v, s) : null}`;
    case "sold_out":
      return head(v.t("已抢光"), html`${item.unpaid
        ? note(v, "wait", "clock", html`<b>${v.t("{n} 件还没付款，可能回流。", { n: item.unpaid })}</b>${v.t("不用刷新，一有货这里就会变。")}`)
        : html`<p class="soft">${v.t("货全部有主了。有人取消的话，这里会变。")}</p>`}${paid}${lost}${refusal(v, s)}`);
    case "paused":
      return head(v.t("暂停中"), html`<p class="soft">${v.t("店家暂停了这场抢购，恢复后这里会变。")}</p>${paid}${lost}`);
    default:
      // Ended by staff: the hour that was planned stands here until the true one has been fetched.
      return html`<h2>${v.t("这场已结束")}</h2>${ends <= s.now && html`<p class="soft">${v.t("结束于 {at}", { at: v.when(ends, s.now) })}</p>`}${paid}${lost}`;
  }
}

/** The buttons; only the one that costs money is vermilion. */
export function actFace(v, s) {
  const { buyer, item } = s;
  const here = encodeURIComponent(location.pathname);
  const still = (text, busy = false) => html`<button class="button" type="button" disabled=${!busy} aria-disabled="true" aria-busy=${busy ? "true" : undefined}>${text}</button>`;
  if (buyer.step === "won") {
    const due = s.now < Date.parse(buyer.own.pay_before);
    return html`<a class="button" href=${`/orders/${buyer.own.order_no}`}>${v.t("看订单")}</a>
      ${due ? html`<a class="button primary" href=${`/orders/${buyer.own.order_no}/pay`}>${v.t("去付款")} ${v.exact(buyer.own.amount)}</a>` : still(v.t("正在确认"), true)}`;
  }
  if (buyer.step !== "idle") return still(buyer.step === "queued" ? v.t("排队中，轮到会自动下单") : buyer.step === "asking" ? v.t("正在确认，不会重复下单") : v.t("正在抢…"), true);
  if (s.phase === "ended") return html`<a class="button ink" href="/flash-sales">${v.t("看别的场次")}</a>`;
  if (s.phase === "paused") return still(v.t("暂停中"));
  if (s.phase === "sold_out") return html`${still(v.t("已抢光，等回流"))}<a class="button" href="/flash-sales">${v.t("看别的场次")}</a>`;
  if (!s.member) {
    return html`<a class="button ink" href=${`/login?next=${here}`}>${s.phase === "upcoming" ? v.t("登录，开抢不耽误") : v.t("登录后抢")}</a>`;
  }
  if (s.phase === "upcoming") {
    const on = buyer.own?.reminder;
    if (s.now >= Date.parse(item.starts_at) - 300_000) return still(v.t("马上开抢，别走开"));
    return html`<button class=${`button${on ? "" : " ink"}`} type="button" aria-pressed=${on ? "true" : "false"} onClick=${() => s.remind(!on)}>
      ${v.icon(on ? "check" : "bell")}${on ? v.t("已设提醒，开抢前 5 分钟告诉你") : v.t("开抢前提醒我")}</button>`;
  }
  if (s.full) return still(v.t("已达到每人限购数量"));
  // The gate would refuse it. Who adds one elsewhere is believed as soon as this page is looked at again.
  if (buyer.own && !buyer.own.has_address) return html`<a class="button ink" href=${`/me/addresses/new?next=${here}`}>${v.t("先添加收货地址")}</a>`;
  return html`<button class="button primary" type="button" disabled=${!s.online} onClick=${() => buyer.press(s.quantity)}>
    ${s.online ? html`${v.t("立即抢")} ¥${v.money(item.price * s.quantity)}` : v.t("离线了，连上才能抢")}</button>`;
}
