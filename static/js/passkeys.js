// Shows what needs a passkey only where the browser knows passkeys, and says in words what went wrong.
(function () {
  const status = document.querySelector("[data-passkey-status]");
  const isKnown = Boolean(window.PublicKeyCredential);
  document.querySelectorAll("[data-passkey]").forEach((part) => {
    part.hidden = !isKnown;
  });
  if (!isKnown) {
    status.textContent = "This browser can't use passkeys at this address.";
  }
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const name = event.detail.exception && event.detail.exception.name;
    if (name === "SecurityError") {
      status.textContent = "Passkeys need an address with a name. On your own computer, open this page at http://localhost instead of numbers.";
    } else if (name === "InvalidStateError") {
      status.textContent = "This device already has one of your passkeys.";
    } else {
      status.textContent = "Nothing was chosen, or it took too long. Try again when you're ready.";
    }
  });
})();
