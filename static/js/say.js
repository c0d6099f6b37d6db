// The four questions: the code that a picture brought moves from the address into the form, and leaving leaves no way back.
const code = document.querySelector("input[name=code]");
if (location.hash.length > 1) {
  if (code && !code.value) code.value = decodeURIComponent(location.hash.slice(1)).slice(0, 40);
  history.replaceState(null, "", location.pathname);
}
const leave = document.querySelector("#leave");
leave.addEventListener("click", (event) => {
  event.preventDefault();
  document.body.hidden = true;
  location.replace(leave.href);
});
