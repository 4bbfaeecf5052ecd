// What pages need beside Blazor: theme, dialogs, copying, reloading. Listens at the document, so it holds for whatever pages add later.
(() => {
  'use strict';
  const on = (type, selector, act) => document.addEventListener(type, e => {
    const found = e.target instanceof Element && e.target.closest(selector);
    if (found) act(found, e);
  });
  window.hearth = { on };

  const dark = () => document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  on('click', '[data-theme-switch]', () => {
    const theme = dark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme;
    document.cookie = `hearth-theme=${theme}; path=/; max-age=31536000; samesite=strict`;
  });

  on('click', '[data-skip]', (link, e) => {
    e.preventDefault();
    document.getElementById('main').focus();
  });

  on('click', '[data-reload]', (link, e) => {
    e.preventDefault();
    location.reload();
  });

  const say = text => {
    let live = document.getElementById('said');
    if (!live) {
      live = document.createElement('div');
      live.id = 'said';
      live.className = 'sr';
      live.setAttribute('role', 'status');
      document.body.append(live);
    }
    live.textContent = '';
    setTimeout(() => { live.textContent = text; }, 50);
  };
  window.hearth.say = say;

  // On plain HTTP from another machine browsers give no clipboard: a selected text area does.
  const copy = async text => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'sr';
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  };
  window.hearth.copy = async text => {
    await copy(text);
    say('Copied');
  };
  const copied = async (button, text) => {
    await copy(text);
    say('Copied');
    const label = button.textContent;
    button.classList.add('copied');
    if (label) button.textContent = 'Copied';
    setTimeout(() => {
      button.classList.remove('copied');
      if (label) button.textContent = label;
    }, 1500);
  };
  on('click', '[data-copy]', button => copied(button, button.dataset.copy));
  on('click', '[data-copy-code]', button => copied(button, button.closest('.code').querySelector('code').textContent));

  // Dialogs: shown as modal ones as soon as a page adds them.
  let before = null;
  const dialogs = () => {
    for (const dialog of document.querySelectorAll('dialog[data-dialog]:not([open])')) {
      before = before ?? document.activeElement;
      dialog.addEventListener('cancel', e => {
        e.preventDefault();
        dialog.querySelector('[data-cancel]').click();
      });
      dialog.showModal();
      const first = dialog.querySelector('input, textarea') ?? dialog.querySelector('[data-cancel]');
      first.focus();
      if (first.select) first.select();
    }
    if (before && !document.querySelector('dialog[data-dialog]')) {
      if (before.isConnected) before.focus();
      before = null;
    }
  };
  new MutationObserver(dialogs).observe(document.body, { childList: true, subtree: true });
  on('keydown', 'dialog[data-dialog] input', (input, e) => {
    if (e.key !== 'Enter') return;
    e.preventDefault();
    input.dispatchEvent(new Event('change', { bubbles: true }));
    input.closest('dialog').querySelector('[data-confirm]').click();
  });

  // A connection that can not be had again: the server has started anew, and a fresh page will do.
  const modal = document.getElementById('components-reconnect-modal');
  if (modal) modal.addEventListener('components-reconnect-state-changed', e => {
    if (e.detail.state === 'rejected') location.reload();
  });
})();
