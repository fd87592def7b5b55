// The reading pane. Everything that somebody wrote goes in as a text node or an attribute that cannot act;
// no markup is ever parsed here, and nothing is asked of any server.

const element = (name, className, text) => {
  const made = document.createElement(name)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

const SIGN = 1
const TAG = 2

function drawRun(run, rules, begun) {
  if (typeof run === "string") return document.createTextNode(run)
  const kind = run.s === SIGN ? "sign" : run.s === TAG ? "tag" : ""
  let drawn = kind ? element("span", kind, run.t) : document.createTextNode(run.t)
  for (const [rule, number, wide] of run.m ?? []) {
    const mark = element("mark", wide ? "wide" : rules[rule].line)
    mark.style.setProperty("--mark", rules[rule].colour)
    mark.title = rules[rule].label
    const span = `${rule}-${number}`
    if (!begun.has(span)) {
      begun.add(span)
      mark.dataset.rule = rule
      if (wide) mark.append(element("span", "name", rules[rule].label))
    }
    mark.append(drawn)
    drawn = mark
  }
  return drawn
}

function drawPart(part, rules, begun, lang, ask) {
  const section = element("section", part.kind)
  if (part.title) section.append(element("h4", "", part.title))
  const body = element("div", "body")
  if (lang) body.lang = lang
  for (const block of part.blocks) {
    const drawn = element(block.code ? "pre" : "p")
    drawn.dir = block.code ? "ltr" : "auto"
    drawn.append(...block.runs.map((run) => drawRun(run, rules, begun)))
    body.append(drawn)
  }
  if (part.note) body.append(element("p", "note", part.note))
  section.append(body)
  if (part.more) {
    const foot = element("div", "foot")
    const button = element("button", "more", part.more)
    button.type = "button"
    button.onclick = () => {
      button.disabled = true
      ask(part.kind)
    }
    foot.append(button, element("span", "", part.cut))
    section.append(foot)
  }
  return section
}

function bring(target, scroller) {
  const offset = target.getBoundingClientRect().top - scroller.getBoundingClientRect().top
  scroller.scrollTop += offset - scroller.clientHeight / 3
}

function drawLegend(rules, scroller, nextWord) {
  const legend = element("div", "legend")
  rules.forEach((rule, at) => {
    const button = element("button", "rule")
    button.type = "button"
    button.title = nextWord
    button.style.setProperty("--mark", rule.colour)
    const sample = element("mark", rule.wide ? "wide sample" : `${rule.line} sample`, "abc")
    sample.setAttribute("aria-hidden", "true")
    button.append(sample, element("span", "", rule.label), element("span", "count", rule.count))
    if (rule.hidden) button.append(element("span", "count", `(${rule.hidden})`))
    let turn = -1
    button.onclick = () => {
      const marks = scroller.querySelectorAll(`mark[data-rule="${at}"]`)
      if (!marks.length) return
      turn = (turn + 1) % marks.length
      const target = marks[turn]
      bring(target, scroller)
      requestAnimationFrame(() => bring(target, scroller)) // what was skipped on the way has its real height now
      scroller.querySelectorAll("mark.here").forEach((mark) => mark.classList.remove("here"))
      target.classList.add("here")
    }
    legend.append(button)
  })
  return legend
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const pane = parentElement.querySelector(".pane")
  const before = pane.querySelector(".scroller")
  const place = before && pane.dataset.text === data.text ? before.scrollTop : 0
  pane.dataset.text = data.text

  const scroller = element("div", "scroller")
  scroller.tabIndex = 0
  scroller.setAttribute("role", "region")
  scroller.setAttribute("aria-label", data.name)
  scroller.style.maxHeight = `${data.height}px`
  const begun = new Set()
  const ask = (kind) => setTriggerValue("more", kind)
  scroller.append(...data.parts.map((part) => drawPart(part, data.rules, begun, data.lang, ask)))

  const drawn = data.rules.length ? [drawLegend(data.rules, scroller, data.next), scroller] : [scroller]
  pane.replaceChildren(...drawn)
  scroller.scrollTop = place
}
